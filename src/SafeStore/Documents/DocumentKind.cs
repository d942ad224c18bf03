using System;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using SafeStore.Documents;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <summary>A kind of document: which file it is, in which root, whether it belongs to a sandbox or to a container.</summary>
public abstract class DocumentKind
{
    private protected DocumentKind(string file, StoreRoot root, DocumentScope scope)
    {
        File = Identifier.CheckFile(file, nameof(file));
        Root = DocumentAddress.CheckRoot(root, nameof(root));
        Scope = scope;
    }

    /// <summary>The file's name, "config.json" for instance.</summary>
    public string File { get; }

    /// <summary>The root in which the file lies.</summary>
    public StoreRoot Root { get; }

    /// <summary>Whether it belongs to a sandbox or to a container.</summary>
    public DocumentScope Scope { get; }

    /// <summary>Declares a kind of document that belongs to a sandbox.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="file">The file's name: 1-128 characters like an id; "lock" and "tempDir" are taken.</param>
    /// <param name="root">The root in which it lies.</param>
    /// <param name="json">How it is read and written; from a source-generated context.</param>
    /// <exception cref="ArgumentException">The name is not allowed, or there is no such root.</exception>
    public static DocumentKind<T> OfSandbox<T>(string file, StoreRoot root, JsonTypeInfo<T> json) =>
        new(file, root, DocumentScope.Sandbox, json);

    /// <summary>Declares a kind of document that belongs to a container.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="file">The file's name: 1-128 characters like an id; "lock" and "tempDir" are taken.</param>
    /// <param name="root">The root in which it lies.</param>
    /// <param name="json">How it is read and written; from a source-generated context.</param>
    /// <exception cref="ArgumentException">The name is not allowed, or there is no such root.</exception>
    public static DocumentKind<T> OfContainer<T>(string file, StoreRoot root, JsonTypeInfo<T> json) =>
        new(file, root, DocumentScope.Container, json);

    /// <summary>The address of this kind's document in a sandbox.</summary>
    internal DocumentId In(string sandbox) => At(sandbox).Id;

    /// <summary>The address of this kind's document in a container.</summary>
    internal DocumentId In(string sandbox, string container) => At(sandbox, container).Id;

    /// <summary>The place of this kind's document in a sandbox.</summary>
    internal DocumentAddress At(string sandbox) => Scope == DocumentScope.Sandbox
        ? new DocumentAddress(sandbox, null, Root, File)
        : throw new ArgumentException($"'{File}' belongs to a container; name the container.", nameof(sandbox));

    /// <summary>The place of this kind's document in a container.</summary>
    internal DocumentAddress At(string sandbox, string container) => Scope == DocumentScope.Container
        ? new DocumentAddress(sandbox, container, Root, File)
        : throw new ArgumentException($"'{File}' belongs to a sandbox, not to a container.", nameof(container));
}

/// <summary>A kind of document and the type that it is read as.</summary>
/// <typeparam name="T">The type.</typeparam>
public sealed class DocumentKind<T> : DocumentKind
{
    internal DocumentKind(string file, StoreRoot root, DocumentScope scope, JsonTypeInfo<T> json)
        : base(file, root, scope)
    {
        ArgumentNullException.ThrowIfNull(json);
        Json = json;
    }

    /// <summary>How it is read and written.</summary>
    public JsonTypeInfo<T> Json { get; }

    /// <summary>How documents of older versions are read; null if there are none.</summary>
    internal Upcasting? Upcasting { get; private init; }

    /// <summary>
    /// The same kind, for documents that carry the number of their version. An older one is brought to the current version when it is read,
    /// in memory; its file stays as it is until the next transaction that puts it, which writes the current version.
    /// </summary>
    /// <param name="member">
    /// The member of the document's object that has the number; a document without it is of version 0. It is written by the store, whether
    /// the type has it or not.
    /// </param>
    /// <param name="steps">
    /// What makes version 1 of 0, 2 of 1 and so on: each gets the document and gives it back changed, or another. The store sets the
    /// member. The current version is the number of steps.
    /// </param>
    /// <returns>
    /// The kind to read and write by. A document of a later version than it knows is refused: <see cref="DocumentVersionException"/>. One
    /// whose step throws is a <see cref="DocumentCorruptException"/>.
    /// </returns>
    /// <exception cref="ArgumentException">The member is blank, or a step is null.</exception>
    public DocumentKind<T> WithUpcasters(string member, params Func<JsonObject, JsonObject>[] steps)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(member);
        ArgumentNullException.ThrowIfNull(steps);
        return Array.IndexOf(steps, null) >= 0
            ? throw new ArgumentException("A step is null.", nameof(steps))
            : new DocumentKind<T>(File, Root, Scope, Json) { Upcasting = new Upcasting(member, [.. steps], Json) };
    }
}
