using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO.Abstractions;

namespace SafeStore.FileSystem;

/// <summary>
/// The whole operating system as far as the engine is concerned: what System.IO.Abstractions lacks (syncs that report their errors,
/// syncs of directories, atomic renames and exchanges, locks, handles to directories) and, in <see cref="Files"/>, that library's
/// view of the same tree for ordinary work.
/// </summary>
/// <remarks>
/// <para>Every verb returns the errno of the call; "does not exist" is one errno among others, never a default. EINTR is retried
/// inside, but for syncs. No verb throws but for closed handles (<see cref="ObjectDisposedException"/>).</para>
/// <para>Paths are relative to a directory handle, with '/' between components. <b>No verb follows a symbolic link</b> in them,
/// neither in the last component nor before it; a link gives <see cref="Errno.SymbolicLink"/>. There are two exceptions.
/// <see cref="OpenRoot"/> follows links, since where a root lies is its owner's decision.
/// <see cref="Stat(DirectoryHandle, string, out FileStatus)"/> may follow one before the last component. A verb whose parameter is
/// called <c>name</c> takes a single component.</para>
/// <para>A name on the disk that is not UTF-8 is listed with a lone surrogate, U+DC80 to U+DCFF, for each byte that fits nowhere. Given
/// to a verb, such a name means the same bytes again. Any other lone surrogate gives <see cref="Errno.Invalid"/>.</para>
/// <para>Durability: nothing survives a power loss but what <see cref="SyncFile"/>, <see cref="SyncData"/>,
/// <see cref="SyncDirectory"/> and <see cref="SyncAll"/> made durable, and on a volatile filesystem nothing at all.</para>
/// <para>Implementations are safe for concurrent use; a single handle may be used by several threads but for its disposal.</para>
/// </remarks>
public interface IDurableFileSystem
{
    /// <summary>
    /// What buffers, lengths and positions must be multiples of to go past the page cache, in bytes: no filesystem asks for more than
    /// its block.
    /// </summary>
    const int DirectBytes = 4096;

    /// <summary>
    /// How many syncs at a time are worth their threads: a filesystem with a journal answers all that wait at once with one commit of
    /// it, and one after the other with one each. By default 1: one after the other, in order. Where it is more, a transaction is
    /// staged by one thread while another writes and syncs its record.
    /// </summary>
    int SyncsSideBySide => 1;

    /// <summary>
    /// Where <see cref="SyncsSideBySide"/> is 1: whether a transaction is staged before its record is written, instead of between
    /// write and sync. Where two threads are at it either may happen, or anything between; a simulation has to show both. By default
    /// false.
    /// </summary>
    bool StagesFirst => false;

    /// <summary>The same tree as an <see cref="IFileSystem"/>: for paths, tools, import and export. It promises no durability.</summary>
    IFileSystem Files { get; }

    /// <summary>Opens a directory by its absolute path; symbolic links are followed.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="directory">The handle, null unless the result is <see cref="Errno.None"/>.</param>
    Errno OpenRoot(string path, out DirectoryHandle? directory);

    /// <summary>Opens a directory below another.</summary>
    /// <param name="parent">Where the path starts.</param>
    /// <param name="path">A relative path of one or more components.</param>
    /// <param name="directory">The handle, null unless the result is <see cref="Errno.None"/>.</param>
    Errno OpenDirectory(DirectoryHandle parent, string path, out DirectoryHandle? directory);

    /// <summary>
    /// Makes a directory with exactly these permissions and opens it. The owner is its owner from the first moment: it is made with
    /// that user's rights (setfsuid(2)), never made and then given away. <see cref="Errno.Exists"/> if the name is taken, also by a
    /// link; <see cref="Errno.AccessDenied"/> if the owner may not make it; <see cref="Errno.NoSpace"/>,
    /// <see cref="Errno.ProcessFileLimit"/> and so on. After an error it is removed again. Nothing is durable on return.
    /// </summary>
    /// <param name="parent">The directory to make it in.</param>
    /// <param name="name">Its name.</param>
    /// <param name="permissions">Its permission bits and its owner.</param>
    /// <param name="directory">The handle, null unless the result is <see cref="Errno.None"/>.</param>
    Errno MakeDirectory(DirectoryHandle parent, string name, in FilePermissions permissions, out DirectoryHandle? directory);

    /// <summary>Adds every name in a directory, but "." and "..", to a collection, in no particular order.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="entries">Receives the entries; may hold some of them when the result is an error.</param>
    Errno List(DirectoryHandle directory, ICollection<DirectoryEntry> entries);

    /// <summary>Opens, lists and closes a directory in one verb; the real filesystem saves a call and a handle.</summary>
    /// <param name="parent">Where the path starts.</param>
    /// <param name="path">A relative path.</param>
    /// <param name="entries">Receives the entries; may hold some of them when the result is an error.</param>
    Errno List(DirectoryHandle parent, string path, ICollection<DirectoryEntry> entries)
    {
        Errno errno = OpenDirectory(parent, path, out DirectoryHandle? directory);
        if (errno != Errno.None)
        {
            return errno;
        }

        using (directory)
        {
            return List(directory!, entries);
        }
    }

    /// <summary>
    /// Describes what a path leads to; a symbolic link in the last component is described itself. Unlike in other verbs a link before
    /// the last component may be followed, and ".." is allowed: all that comes of it is the description.
    /// </summary>
    /// <param name="parent">Where the path starts.</param>
    /// <param name="path">A path of one or more components.</param>
    /// <param name="status">The description, default unless the result is <see cref="Errno.None"/>.</param>
    Errno Stat(DirectoryHandle parent, string path, out FileStatus status);

    /// <summary>Describes what is open.</summary>
    /// <param name="handle">The file or directory.</param>
    /// <param name="status">The description, default unless the result is <see cref="Errno.None"/>.</param>
    Errno Stat(Handle handle, out FileStatus status);

    /// <summary>
    /// Creates a file that did not exist, open for reading and writing, with exactly these permissions. The owner is set before anything
    /// is written. <see cref="Errno.Exists"/> if the name is taken. If the permissions cannot be set, the file is removed again.
    /// </summary>
    /// <param name="directory">The directory to create it in.</param>
    /// <param name="name">Its name.</param>
    /// <param name="permissions">Its permission bits and its owner.</param>
    /// <param name="file">The handle, null unless the result is <see cref="Errno.None"/>.</param>
    Errno CreateFile(DirectoryHandle directory, string name, in FilePermissions permissions, out FileHandle? file);

    /// <summary>
    /// Creates a file that did not exist, with exactly these permissions, and writes all of it, in one verb, as
    /// <see cref="CreateFile(DirectoryHandle, string, in FilePermissions, out FileHandle)"/> and <see cref="Write"/> do.
    /// <see cref="Errno.InputOutput"/> if a device takes nothing and gives no reason. Nothing is durable on return.
    /// </summary>
    /// <remarks>By default those two; the real filesystem needs no handle.</remarks>
    /// <param name="directory">The directory to create it in.</param>
    /// <param name="name">Its name.</param>
    /// <param name="permissions">Its permission bits and its owner.</param>
    /// <param name="bytes">All that it is to hold.</param>
    /// <param name="isCreated">
    /// Whether the file is there; after an error it may hold a part of the bytes, and the caller removes it.
    /// </param>
    Errno CreateFile(
        DirectoryHandle directory, string name, in FilePermissions permissions, ReadOnlySpan<byte> bytes, out bool isCreated)
    {
        Errno errno = CreateFile(directory, name, permissions, out FileHandle? file);
        isCreated = errno == Errno.None;
        using (file)
        {
            for (long offset = 0; errno == Errno.None && !bytes.IsEmpty;)
            {
                errno = Write(file!, bytes, offset, out int count);
                errno = errno == Errno.None && count == 0 ? Errno.InputOutput : errno;
                bytes = bytes[count..];
                offset += count;
            }
        }

        return errno;
    }

    /// <summary>
    /// Opens an existing file. A pipe or device does not block the call; for writing it is refused (<see cref="Errno.NotSeekable"/>).
    /// </summary>
    /// <param name="directory">Where the path starts.</param>
    /// <param name="path">A relative path.</param>
    /// <param name="use">What for.</param>
    /// <param name="file">The handle, null unless the result is <see cref="Errno.None"/>.</param>
    Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file);

    /// <summary>Reads once, at a position. A count of zero is the end of the file; a short count is no error.</summary>
    /// <param name="file">The file.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="offset">The position in bytes from the start.</param>
    /// <param name="count">How many bytes were read.</param>
    Errno Read(FileHandle file, Span<byte> buffer, long offset, out int count);

    /// <summary>
    /// Reads a file from its start until its end, or until the buffer is full: open, read, close in one verb, for the many small files
    /// that are read once. What <see cref="OpenFile"/> refuses is refused; a directory gives <see cref="Errno.IsDirectory"/>, a pipe or
    /// socket <see cref="Errno.NotSeekable"/> or <see cref="Errno.NoSuchDevice"/>, neither blocks (pread(2)). Nothing is made durable.
    /// </summary>
    /// <remarks>By default the verbs <see cref="OpenFile"/> and <see cref="Read"/>; the real filesystem needs no handle.</remarks>
    /// <param name="directory">Where the path starts.</param>
    /// <param name="path">A relative path.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="count">
    /// How many bytes were read; as many as the buffer holds: there may be more. Zero unless the result is <see cref="Errno.None"/>.
    /// </param>
    Errno ReadWhole(DirectoryHandle directory, ReadOnlySpan<char> path, Span<byte> buffer, out int count)
    {
        count = 0;
        Errno errno = OpenFile(directory, path.ToString(), FileUse.Read, out FileHandle? file);
        if (errno != Errno.None)
        {
            return errno;
        }

        using (file)
        {
            int length = 0;
            while (length < buffer.Length)
            {
                errno = Read(file!, buffer[length..], length, out int read);
                if (errno != Errno.None)
                {
                    return errno;
                }

                length += read;
                if (read == 0 || WholeFile.IsEnd(length))
                {
                    break;
                }
            }

            count = length;
            return Errno.None;
        }
    }

    /// <summary>
    /// Writes once, at a position. A short count is no error: the caller goes on or gives up. <see cref="Errno.FileTooLarge"/> past the
    /// largest size that the filesystem, or a limit of the process (RLIMIT_FSIZE), allows; no signal is raised.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="bytes">What to write.</param>
    /// <param name="offset">The position in bytes from the start.</param>
    /// <param name="count">How many bytes were written.</param>
    Errno Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset, out int count);

    /// <summary>
    /// Reserves space and sets the size, so that later writes below it need none: by fallocate(2) where filesystem and kernel have it,
    /// the size alone elsewhere. A larger file keeps its size. An empty file on btrfs is first marked to be written in place.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="size">The size in bytes.</param>
    Errno Allocate(FileHandle file, long size);

    /// <summary>
    /// fsync(2): the file's data, size and mode are durable on success; its name is not. An error is final: the kernel may have
    /// dropped the pages, and a second call may succeed without them.
    /// </summary>
    /// <param name="file">The file.</param>
    Errno SyncFile(FileHandle file);

    /// <summary>
    /// fdatasync(2): the file's data and its size are durable on success. An error is final as for <see cref="SyncFile"/>.
    /// </summary>
    /// <param name="file">The file.</param>
    Errno SyncData(FileHandle file);

    /// <summary>
    /// Starts to write the file's data to the disk and does not wait for it (sync_file_range(2), SYNC_FILE_RANGE_WRITE), so that the
    /// syncs of many files, one after the other, find it under way. <b>Nothing is durable on return</b>, and only a sync tells whether
    /// the data arrived. Where the system has no such call nothing happens.
    /// </summary>
    /// <remarks>
    /// An error, <see cref="Errno.InputOutput"/> or <see cref="Errno.NoSpace"/> among others, tells that the write-back could not begin,
    /// and <b>is final as for <see cref="SyncFile"/></b>: a filesystem that has given the data up (ext4, for a block that it cannot
    /// allocate: mpage_map_and_submit_extent in fs/ext4/inode.c) tells no later caller. The error of an earlier write-back is neither
    /// reported here nor taken from a later sync.
    /// </remarks>
    /// <param name="file">The file.</param>
    Errno StartWriteBack(FileHandle file);

    /// <summary>
    /// The names in a directory are durable on success, its own name in its parent is not: fsync(2) of the directory. On btrfs, whose
    /// fsync of a directory may lose a name or bring a removed one back, a commit of the whole filesystem (syncfs(2)) comes first.
    /// </summary>
    /// <param name="directory">The directory.</param>
    Errno SyncDirectory(DirectoryHandle directory);

    /// <summary>
    /// Makes durable everything that was written to a directory's filesystem before the call, by any program: files, names, directories,
    /// in one call instead of a sync of each (syncfs(2)). It is not done where it cannot be relied on, or where too much is waiting to be
    /// written; nothing has happened then.
    /// </summary>
    /// <remarks>
    /// An error tells that something of the filesystem may not be durable: any program's, and of any time since the directory was opened,
    /// or before that if no caller was told. It says nothing of a single file, whose own sync tells, and is told once per open directory.
    /// But <see cref="Errno.Damaged"/>: the filesystem has met an error meanwhile and may have given up what waited to be written, of
    /// which <b>no later sync tells</b>. A filesystem that has stopped after an error, or has turned read-only, may answer with success:
    /// <see cref="SyncDirectory"/> of the directory, after it, tells. By default it is never done.
    /// </remarks>
    /// <param name="directory">Any directory of the filesystem. What is mounted below it is not meant.</param>
    /// <param name="unwrittenMax">
    /// It is done only while no more bytes than this wait in the machine's memory to be written, to whatever disk: the call writes those
    /// of this one, of all programs.
    /// </param>
    /// <param name="isDone">Whether it was done; false after an error.</param>
    Errno SyncAll(DirectoryHandle directory, long unwrittenMax, out bool isDone)
    {
        isDone = false;
        return Errno.None;
    }

    /// <summary>
    /// Renames within one filesystem, also from one directory to another (renameat2(2)). <see cref="Errno.CrossDevice"/> between
    /// filesystems, between mounts of one filesystem, and into a directory with another inherited project id.
    /// </summary>
    /// <remarks>Where <see cref="RenameKind.NoReplace"/> is not known, a file created between look and rename is replaced.</remarks>
    /// <param name="sourceDirectory">Where the source is.</param>
    /// <param name="source">Its name.</param>
    /// <param name="targetDirectory">Where it goes.</param>
    /// <param name="target">Its new name.</param>
    /// <param name="kind">What becomes of a file that has the target's name.</param>
    Errno Rename(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target, RenameKind kind);

    /// <summary>Removes the name of a file. <see cref="Errno.Busy"/> if something is mounted on it.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name.</param>
    Errno Unlink(DirectoryHandle directory, string name);

    /// <summary>Removes an empty directory. <see cref="Errno.Busy"/> if something is mounted on it.</summary>
    /// <param name="parent">Its parent.</param>
    /// <param name="name">Its name.</param>
    Errno RemoveDirectory(DirectoryHandle parent, string name);

    /// <summary>
    /// Takes a lock, never waiting: <see cref="Errno.WouldBlock"/> if another handle, of whatever process, holds one that excludes it.
    /// An exclusive lock of a byte needs a handle that can write, else <see cref="Errno.BadHandle"/>.
    /// </summary>
    /// <remarks>
    /// Changing the mode of a held lock of the whole is not atomic, and a refused change may lose it (flock(2)). That of a byte is atomic,
    /// and a refused change leaves it. Two locks through one handle never exclude each other.
    /// </remarks>
    /// <param name="handle">The file or directory.</param>
    /// <param name="range">The whole, or one byte.</param>
    /// <param name="mode">How to hold it.</param>
    Errno TryLock(Handle handle, LockRange range, LockMode mode);

    /// <summary>Releases a lock held through this handle; without one, nothing happens.</summary>
    /// <param name="handle">The file or directory.</param>
    /// <param name="range">The whole, or one byte.</param>
    Errno Unlock(Handle handle, LockRange range);

    /// <summary>Whether a byte could be locked now: <see cref="Errno.WouldBlock"/> if another handle's lock excludes it.</summary>
    /// <param name="handle">The file or directory.</param>
    /// <param name="range">One byte; the whole is <see cref="Errno.Invalid"/>.</param>
    /// <param name="mode">How it would be held.</param>
    Errno TestLock(Handle handle, LockRange range, LockMode mode);

    /// <summary>
    /// The holders of locks on this file or directory, as far as the kernel tells (/proc/locks). It tells no process for a lock of a
    /// byte: the id is 0 then. For messages only.
    /// </summary>
    /// <param name="handle">The file or directory.</param>
    IReadOnlyList<LockHolder> LockHolders(Handle handle);

    /// <summary>Maps the first 64 bytes of a file, which must have them, to sleep until a word changes.</summary>
    /// <param name="file">The file. The view outlives the handle.</param>
    /// <param name="words">The view, null unless the result is <see cref="Errno.None"/>.</param>
    Errno MapWords(FileHandle file, out SharedWords? words);

    /// <summary>Reads an extended attribute. <see cref="Errno.NoData"/> if it does not exist.</summary>
    /// <param name="handle">The file or directory.</param>
    /// <param name="name">Its name with the namespace, "user.note" for instance.</param>
    /// <param name="value">Its value, empty unless the result is <see cref="Errno.None"/>.</param>
    [SuppressMessage("Performance", "CA1819", Justification = "An attribute's value is small and the caller's own copy.")]
    Errno GetAttribute(Handle handle, string name, out byte[] value);

    /// <summary>Sets an extended attribute, whatever the mode. Any sync of the file makes it durable but <see cref="SyncData"/>.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name of the file or directory in it; "." for itself.</param>
    /// <param name="attribute">The attribute's name with its namespace.</param>
    /// <param name="value">Its value.</param>
    Errno SetAttribute(DirectoryHandle directory, string name, string attribute, ReadOnlySpan<byte> value);

    /// <summary>
    /// Gives a new file the POSIX access control list, the security label and the attributes of users of the file that it will replace.
    /// Never a capability, nor a document's stamp. What the process may not read or set, and what the filesystem does not have, is left
    /// out. An inherited access list that the old file has not is removed.
    /// </summary>
    /// <param name="from">The directory of the old file.</param>
    /// <param name="name">The old file's name.</param>
    /// <param name="directory">The directory of the new file.</param>
    /// <param name="target">The new file's name; its mode is the old one's already.</param>
    Errno CopyAttributes(DirectoryHandle from, string name, DirectoryHandle directory, string target);

    /// <summary>
    /// When a file or directory was last changed in any way (st_ctime): written, renamed, linked, given a mode or an owner. No program
    /// can set it. Asking makes the next change of the file dearer on Linux 6.13 and later, so that no commit should.
    /// </summary>
    /// <param name="handle">The file or directory.</param>
    /// <param name="time">The time; default unless the result is <see cref="Errno.None"/>.</param>
    Errno LastChange(Handle handle, out DateTimeOffset time);

    /// <summary>A process's program and a path behind it (/proc/(pid)/cmdline), for messages; empty if it is not known.</summary>
    /// <param name="processId">The process's id.</param>
    string CommandOf(int processId) => "";

    /// <summary>Whether this process may make files that belong to others.</summary>
    bool IsPrivileged => false;

    /// <summary>Tells what kind of filesystem a directory lies on.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="traits">The answer, null unless the result is <see cref="Errno.None"/>.</param>
    Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits);

    /// <summary>The project that a directory is counted to (chattr(1), -p), and whether it takes files of that only (+P).</summary>
    /// <param name="directory">The directory.</param>
    (uint Id, bool IsHandedDown) ProjectOf(DirectoryHandle directory) => default;

    /// <summary>Fills a buffer with bytes that no other process guesses or repeats: names of temp files, salts, ids.</summary>
    /// <param name="bytes">The buffer.</param>
    void FillRandom(Span<byte> bytes);
}
