using System;

namespace SafeStore.Vocabulary;

/// <summary>Where a document lies, its parts known to be valid: a <see cref="DocumentId"/> that a read need not allocate.</summary>
internal readonly record struct DocumentAddress(string Sandbox, string? Container, StoreRoot Root, string File)
{
    /// <summary>Room for the longest path: three names and the slashes between them.</summary>
    public const int PathCharactersMax = (3 * Identifier.CharactersMax) + 2;

    /// <exception cref="ArgumentException">A name is not allowed.</exception>
    public static DocumentAddress Checked(string sandbox, string? container, StoreRoot root, string file) => new(
        Sandbox: Identifier.CheckSandbox(sandbox, nameof(sandbox)),
        Root: CheckRoot(root, nameof(root)),
        Container: container is null ? null : Identifier.CheckContainer(container, nameof(container)),
        File: Identifier.CheckFile(file, nameof(file)));

    /// <exception cref="ArgumentOutOfRangeException">There is no such root.</exception>
    public static StoreRoot CheckRoot(StoreRoot root, string parameter) => root is StoreRoot.Config or StoreRoot.Run
        ? root
        : throw new ArgumentOutOfRangeException(parameter, root, "A document lies in the config root or in the run root.");

    public DocumentId Id => DocumentId.Trusted(Sandbox, Container, Root, File);

    /// <summary>Writes the path below the root.</summary>
    /// <param name="path">At least <see cref="PathCharactersMax"/> characters.</param>
    /// <returns>Its length.</returns>
    public int WritePath(Span<char> path)
    {
        int length = Append(path, 0, Sandbox);
        path[length++] = '/';
        if (Container is not null)
        {
            length = Append(path, length, Container);
            path[length++] = '/';
        }

        return Append(path, length, File);
    }

    private static int Append(Span<char> path, int length, string name)
    {
        name.CopyTo(path[length..]);
        return length + name.Length;
    }
}
