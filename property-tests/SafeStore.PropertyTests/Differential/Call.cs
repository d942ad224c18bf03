using System;
using System.Globalization;
using System.Text;

namespace SafeStore.PropertyTests.Differential;

internal enum Verb
{
    OpenRoot,
    OpenDirectory,
    MakeDirectory,
    List,
    Stat,
    StatDirectory,
    StatFile,
    CreateFile,
    OpenFile,
    Read,
    Write,
    Allocate,
    SyncFile,
    SyncData,
    SyncDirectory,
    Rename,
    RenameNoReplace,
    Exchange,
    Unlink,
    RemoveDirectory,
    TryLock,
    Unlock,
    TryLockByte,
    UnlockByte,
    TryLockDirectory,
    UnlockDirectory,
    MapWords,
    ReadWord,
    EndWords,
    GetAttribute,
    SetAttribute,
    GetDirectoryAttribute,
    SetDirectoryAttribute,
    CopyAttributes,
    CloseFile,
    CloseDirectory,
    PlantSymbolicLink,
    PlantLink,
}

/// <summary>
/// One call on the seam, or what is planted beside it. Handles are numbers, taken modulo how many were opened; 0 is the root.
/// </summary>
/// <param name="Verb">The call.</param>
/// <param name="First">A directory's or file's number.</param>
/// <param name="Second">The second one's.</param>
/// <param name="Name">A name or path.</param>
/// <param name="Other">The second one.</param>
/// <param name="Position">An offset or a size; for locks and opening the mode.</param>
/// <param name="Length">How many bytes.</param>
internal sealed record Call(
    Verb Verb, int First = 0, int Second = 0, string Name = "", string Other = "", long Position = 0, int Length = 0)
{
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture, $"{Verb} #{First} \"{Show(Name)}\" #{Second} \"{Show(Other)}\" at {Position}, {Length} bytes");

    private static string Show(string name)
    {
        var text = new StringBuilder();
        foreach (char character in name.Length > 40 ? name.AsSpan(0, 40) : name)
        {
            text.Append(char.IsSurrogate(character) || character < ' ' ? $"\\u{(int)character:x4}" : character);
        }

        return name.Length > 40 ? $"{text}...({name.Length})" : text.ToString();
    }
}
