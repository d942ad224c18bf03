using System;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <summary>The address of one document: sandbox, container if it belongs to one, root, file. Its parts are valid names.</summary>
public sealed record DocumentId : IComparable<DocumentId>
{
    /// <summary>Names a document.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id, null for a document of the sandbox itself.</param>
    /// <param name="root">The root in which it lies.</param>
    /// <param name="file">The file's name.</param>
    /// <exception cref="ArgumentException">
    /// A name is not allowed: 1-128 characters, <c>[A-Za-z0-9][A-Za-z0-9_.-]*</c>, not "lock" or "tempDir".
    /// </exception>
    public DocumentId(string sandbox, string? container, StoreRoot root, string file)
        : this(DocumentAddress.Checked(sandbox, container, root, file))
    {
    }

    private DocumentId(in DocumentAddress parts) => (Sandbox, Container, Root, File) = parts;

    /// <summary>The sandbox's id.</summary>
    public string Sandbox { get; }

    /// <summary>The container's id, null for a document of the sandbox itself.</summary>
    public string? Container { get; }

    /// <summary>The root in which it lies.</summary>
    public StoreRoot Root { get; }

    /// <summary>The file's name.</summary>
    public string File { get; }

    /// <summary>Its parts.</summary>
    internal DocumentAddress Address => new(Sandbox, Container, Root, File);

    /// <summary>Its path below its root.</summary>
    internal string RelativePath => Container is null ? $"{Sandbox}/{File}" : $"{Sandbox}/{Container}/{File}";

    /// <summary>Whether one document's address sorts before another's: by sandbox, container, root, file, ordinally.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(DocumentId left, DocumentId right) => Compare(left, right) < 0;

    /// <summary>Whether one document's address sorts after another's.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(DocumentId left, DocumentId right) => Compare(left, right) > 0;

    /// <summary>Whether one document's address does not sort after another's.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(DocumentId left, DocumentId right) => Compare(left, right) <= 0;

    /// <summary>Whether one document's address does not sort before another's.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(DocumentId left, DocumentId right) => Compare(left, right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(DocumentId? other) => Compare(this, other);

    /// <summary>Its root and path, "run:sb-1/web/state.json" for instance.</summary>
    public override string ToString() => $"{(Root == StoreRoot.Config ? "config" : "run")}:{RelativePath}";

    /// <summary>An address whose parts are known to be valid.</summary>
    internal static DocumentId Trusted(string sandbox, string? container, StoreRoot root, string file) =>
        new(new DocumentAddress(sandbox, container, root, file));

    private static int Compare(DocumentId? left, DocumentId? right)
    {
        if (left is null || right is null)
        {
            return (left is null ? 0 : 1) - (right is null ? 0 : 1);
        }

        int order = string.CompareOrdinal(left.Sandbox, right.Sandbox);
        order = order != 0 ? order : string.CompareOrdinal(left.Container, right.Container);
        order = order != 0 ? order : left.Root.CompareTo(right.Root);
        return order != 0 ? order : string.CompareOrdinal(left.File, right.File);
    }
}
