using System;
using SafeStore.FileSystem;

namespace SafeStore.Testing;

/// <summary>
/// A call that a simulated process makes. The names are those of <see cref="IDurableFileSystem"/>; the last ones come from its
/// <see cref="IDurableFileSystem.Files"/> only.
/// </summary>
public enum Operation
{
    /// <summary><see cref="IDurableFileSystem.OpenRoot"/>.</summary>
    OpenRoot,

    /// <summary><see cref="IDurableFileSystem.OpenDirectory"/>.</summary>
    OpenDirectory,

    /// <summary><see cref="IDurableFileSystem.MakeDirectory"/>.</summary>
    MakeDirectory,

    /// <summary>Either of the List calls.</summary>
    List,

    /// <summary>Either of the Stat calls.</summary>
    Stat,

    /// <summary><see cref="IDurableFileSystem.CreateFile(DirectoryHandle, string, in FilePermissions, out FileHandle)"/>.</summary>
    CreateFile,

    /// <summary><see cref="IDurableFileSystem.OpenFile"/>.</summary>
    OpenFile,

    /// <summary><see cref="IDurableFileSystem.Read"/>.</summary>
    Read,

    /// <summary><see cref="IDurableFileSystem.Write"/>.</summary>
    Write,

    /// <summary><see cref="IDurableFileSystem.Allocate"/>.</summary>
    Allocate,

    /// <summary><see cref="IDurableFileSystem.SyncFile"/>.</summary>
    SyncFile,

    /// <summary><see cref="IDurableFileSystem.SyncData"/>.</summary>
    SyncData,

    /// <summary><see cref="IDurableFileSystem.SyncDirectory"/>.</summary>
    SyncDirectory,

    /// <summary>A rename with <see cref="RenameKind.Replace"/>.</summary>
    Rename,

    /// <summary>A rename with <see cref="RenameKind.NoReplace"/>.</summary>
    RenameNoReplace,

    /// <summary>A rename with <see cref="RenameKind.Exchange"/>.</summary>
    Exchange,

    /// <summary><see cref="IDurableFileSystem.Unlink"/>.</summary>
    Unlink,

    /// <summary><see cref="IDurableFileSystem.RemoveDirectory"/>.</summary>
    RemoveDirectory,

    /// <summary><see cref="IDurableFileSystem.TryLock"/> or <see cref="IDurableFileSystem.TestLock"/>.</summary>
    TryLock,

    /// <summary><see cref="IDurableFileSystem.Unlock"/>.</summary>
    Unlock,

    /// <summary><see cref="IDurableFileSystem.MapWords"/>.</summary>
    MapWords,

    /// <summary><see cref="IDurableFileSystem.GetAttribute"/>.</summary>
    GetAttribute,

    /// <summary><see cref="IDurableFileSystem.SetAttribute"/>.</summary>
    SetAttribute,

    /// <summary><see cref="IDurableFileSystem.Describe"/>.</summary>
    Describe,

    /// <summary><see cref="IDurableFileSystem.StartWriteBack"/>.</summary>
    StartWriteBack,

    /// <summary>ftruncate(2).</summary>
    Truncate,

    /// <summary>link(2).</summary>
    Link,

    /// <summary>symlink(2).</summary>
    SymbolicLink,

    /// <summary>readlink(2).</summary>
    ReadLink,

    /// <summary>chmod(2).</summary>
    SetMode,

    /// <summary>chown(2).</summary>
    SetOwner,

    /// <summary>utimensat(2).</summary>
    SetTimes,

    /// <summary><see cref="IDurableFileSystem.SyncAll"/>.</summary>
    SyncAll,

    /// <summary><see cref="IDurableFileSystem.CopyAttributes"/>.</summary>
    CopyAttributes,

    /// <summary><see cref="IDurableFileSystem.LastChange"/>.</summary>
    LastChange,
}

/// <summary>A call that a simulated process has made.</summary>
/// <param name="Number">1 for the machine's first call.</param>
/// <param name="Process">The process's name.</param>
/// <param name="Operation">What it asked for.</param>
/// <param name="Path">The path, as far as the handle tells it.</param>
/// <param name="Detail">The other path, or the position and length; empty if there is nothing to tell.</param>
/// <param name="Result">What the call returned.</param>
public sealed record SimulatedCall(long Number, string Process, Operation Operation, string Path, string Detail, Errno Result)
{
    /// <summary>Whether such a call changes something, or makes it durable: only around these can a crash make a difference.</summary>
    public bool IsChange => Changes(Operation);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Number,6} {Process}: {Operation} {Path}{(Detail.Length > 0 ? " " + Detail : "")}{(Result == Errno.None ? "" : $" = {Result}")}";

    internal static bool Changes(Operation operation) =>
        operation is Operation.MakeDirectory or Operation.CreateFile or Operation.Write or Operation.Allocate
        or Operation.SyncFile or Operation.SyncData or Operation.SyncDirectory or Operation.SyncAll or Operation.Rename
            or Operation.RenameNoReplace or Operation.Exchange
        or Operation.Unlink or Operation.RemoveDirectory or Operation.SetAttribute or Operation.CopyAttributes or Operation.Truncate
            or Operation.Link or Operation.SymbolicLink
        or Operation.SetMode or Operation.SetOwner;
}

/// <summary>
/// The simulated process was killed, or its machine lost its power, in the middle of a call. Every further call of the process throws it
/// too. Let it pass: a dead process runs no error handling.
/// </summary>
public sealed class SimulatedCrashException : Exception
{
    /// <summary>Creates the exception.</summary>
    public SimulatedCrashException()
        : this("The simulated process was killed.")
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    public SimulatedCrashException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">Why.</param>
    public SimulatedCrashException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
