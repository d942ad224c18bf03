using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.IO.Abstractions;

namespace SafeStore.FileSystem;

/// <summary>
/// The whole operating system as far as the engine is concerned: what System.IO.Abstractions lacks (syncs that report their errors,
/// syncs of directories, atomic renames and exchanges, flock, handles to directories) and, in <see cref="Files"/>, that library's
/// view of the same tree for ordinary work.
/// </summary>
/// <remarks>
/// <para>Every verb returns the errno of the call; "does not exist" is one errno among others, never a default. EINTR is retried
/// inside, but for syncs. No verb throws but for closed handles (<see cref="ObjectDisposedException"/>).</para>
/// <para>Paths are relative to a directory handle, with '/' between components. <b>No verb follows a symbolic link</b> in them,
/// neither in the last component nor before it; a link gives <see cref="Errno.SymbolicLink"/>. Only <see cref="OpenRoot"/> follows
/// links, since where a root lies is its owner's decision. A verb whose parameter is called <c>name</c> takes a single component.</para>
/// <para>Durability: nothing survives a power loss but what <see cref="SyncFile"/>, <see cref="SyncData"/> and
/// <see cref="SyncDirectory"/> made durable, and on a volatile filesystem nothing at all.</para>
/// <para>Implementations are safe for concurrent use; a single handle may be used by several threads but for its disposal.</para>
/// </remarks>
public interface IDurableFileSystem
{
    /// <summary>What buffers, lengths and positions must be multiples of to go past the page cache, in bytes: no filesystem asks for more than its block.</summary>
    const int DirectBytes = 4096;

    /// <summary>
    /// How many calls are worth being made at the same time, from that many threads, where a lot is to be done at once: the sweep at the opening of a store. By default 1: the
    /// engine then starts no thread, and the order of its calls is always the same.
    /// </summary>
    int CallsSideBySide => 1;

    /// <summary>
    /// How many syncs at a time are worth their threads: a filesystem with a journal answers all that wait at once with one commit of it, and one after the other with one each. By default 1: one
    /// after the other, in order. Where it is more, a transaction is staged by one thread while another writes and syncs its record.
    /// </summary>
    int SyncsSideBySide => 1;

    /// <summary>
    /// Where <see cref="SyncsSideBySide"/> is 1: whether a transaction is staged before its record is written, instead of between write and sync. Where two threads are at it either may happen, or
    /// anything between; a simulation has to show both. By default false.
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

    /// <summary>Makes a directory with exactly these permission bits, whatever the umask. <see cref="Errno.Exists"/> if the name is taken.</summary>
    /// <param name="parent">The directory to make it in.</param>
    /// <param name="name">Its name.</param>
    /// <param name="mode">Its permission bits.</param>
    Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode);

    /// <summary>
    /// Makes a directory with exactly these permission bits, whatever the umask, and opens it (mkdirat(2), openat(2) with O_NOFOLLOW,
    /// fchmod(2) where the mode is another). <see cref="Errno.Exists"/> if the name is taken, also by a link; <see cref="Errno.NoSpace"/>,
    /// <see cref="Errno.ProcessFileLimit"/> and so on from any of the three: the directory is removed again then. Nothing is durable on return.
    /// </summary>
    /// <param name="parent">The directory to make it in.</param>
    /// <param name="name">Its name.</param>
    /// <param name="mode">Its permission bits.</param>
    /// <param name="directory">The handle, null unless the result is <see cref="Errno.None"/>.</param>
    Errno MakeDirectory(DirectoryHandle parent, string name, UnixFileMode mode, out DirectoryHandle? directory);

    /// <summary>Adds every name in a directory, but "." and "..", to a collection, in no particular order.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="entries">Receives the entries; may hold some of them when the result is an error.</param>
    Errno List(DirectoryHandle directory, ICollection<DirectoryEntry> entries);

    /// <summary>Opens, lists and closes a directory in one verb, as <see cref="OpenDirectory"/> and <see cref="List(DirectoryHandle, ICollection{DirectoryEntry})"/> do.</summary>
    /// <remarks>By default those two; the real filesystem saves a call and a handle.</remarks>
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

    /// <summary>Describes what a name stands for; a symbolic link is described itself.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name.</param>
    /// <param name="status">The description, default unless the result is <see cref="Errno.None"/>.</param>
    Errno Stat(DirectoryHandle directory, string name, out FileStatus status);

    /// <summary>Describes an open directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="status">The description, default unless the result is <see cref="Errno.None"/>.</param>
    Errno Stat(DirectoryHandle directory, out FileStatus status);

    /// <summary>Describes an open file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="status">The description, default unless the result is <see cref="Errno.None"/>.</param>
    Errno Stat(FileHandle file, out FileStatus status);

    /// <summary>
    /// Creates a file that did not exist, open for reading and writing, with exactly these permission bits, whatever the umask.
    /// <see cref="Errno.Exists"/> if the name is taken. If the bits cannot be set, the file is removed again.
    /// </summary>
    /// <param name="directory">The directory to create it in.</param>
    /// <param name="name">Its name.</param>
    /// <param name="mode">Its permission bits.</param>
    /// <param name="file">The handle, null unless the result is <see cref="Errno.None"/>.</param>
    Errno CreateFile(DirectoryHandle directory, string name, UnixFileMode mode, out FileHandle? file);

    /// <summary>
    /// Creates a file that did not exist, with exactly these permission bits, and writes all of it, in one verb, as
    /// <see cref="CreateFile(DirectoryHandle, string, UnixFileMode, out FileHandle)"/> and <see cref="Write"/> do. <see cref="Errno.InputOutput"/> if a device takes nothing and gives no reason. Nothing is durable on return.
    /// </summary>
    /// <remarks>By default those two; the real filesystem needs no handle.</remarks>
    /// <param name="directory">The directory to create it in.</param>
    /// <param name="name">Its name.</param>
    /// <param name="mode">Its permission bits.</param>
    /// <param name="bytes">All that it is to hold.</param>
    /// <param name="isCreated">Whether the file is there; after an error it may hold a part of the bytes, and the caller removes it.</param>
    Errno CreateFile(DirectoryHandle directory, string name, UnixFileMode mode, ReadOnlySpan<byte> bytes, out bool isCreated)
    {
        Errno errno = CreateFile(directory, name, mode, out FileHandle? file);
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

    /// <summary>Opens an existing file. A pipe or device does not block the call.</summary>
    /// <param name="directory">Where the path starts.</param>
    /// <param name="path">A relative path.</param>
    /// <param name="use">What for.</param>
    /// <param name="file">The handle, null unless the result is <see cref="Errno.None"/>.</param>
    Errno OpenFile(DirectoryHandle directory, string path, FileUse use, out FileHandle? file);

    /// <summary>
    /// Whether a path still leads to this open file: same device, same inode. A missing path is no error but the answer "no".
    /// (A link before the last component may be followed here, since all that comes of it is the comparison.)
    /// </summary>
    /// <param name="directory">Where the path starts.</param>
    /// <param name="path">A relative path.</param>
    /// <param name="file">The open file.</param>
    /// <param name="same">The answer, false unless the result is <see cref="Errno.None"/>.</param>
    Errno IsNameOf(DirectoryHandle directory, string path, FileHandle file, out bool same);

    /// <summary>Reads once, at a position. A count of zero is the end of the file; a short count is no error.</summary>
    /// <param name="file">The file.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="offset">The position in bytes from the start.</param>
    /// <param name="count">How many bytes were read.</param>
    Errno Read(FileHandle file, Span<byte> buffer, long offset, out int count);

    /// <summary>
    /// Reads a file from its start until its end, or until the buffer is full: open, read, close in one verb, for the many small files that are read once. What
    /// <see cref="OpenFile"/> refuses is refused; a directory gives <see cref="Errno.IsDirectory"/>, a pipe or socket ESPIPE or ENXIO, neither blocks (pread(2)).
    /// Nothing is made durable.
    /// </summary>
    /// <remarks>
    /// By default the verbs <see cref="OpenFile"/> and <see cref="Read"/>, so that whatever an implementation does in those befalls this one too;
    /// the real filesystem does it without a handle.
    /// </remarks>
    /// <param name="directory">Where the path starts.</param>
    /// <param name="path">A relative path.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="count">How many bytes were read; as many as the buffer holds: there may be more. Zero unless the result is <see cref="Errno.None"/>.</param>
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

    /// <summary>Writes once, at a position. A short count is no error: the caller goes on or gives up.</summary>
    /// <param name="file">The file.</param>
    /// <param name="bytes">What to write.</param>
    /// <param name="offset">The position in bytes from the start.</param>
    /// <param name="count">How many bytes were written.</param>
    Errno Write(FileHandle file, ReadOnlySpan<byte> bytes, long offset, out int count);

    /// <summary>
    /// Reserves space and sets the size, so that later writes below it need none (fallocate(2) where the filesystem has it, the size
    /// alone elsewhere). A larger file keeps its size.
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

    /// <summary>fdatasync(2): the file's data and the size needed to read it are durable on success. An error is final as for <see cref="SyncFile"/>.</summary>
    /// <param name="file">The file.</param>
    Errno SyncData(FileHandle file);

    /// <summary>
    /// Starts to write the file's data to the disk and does not wait for it (sync_file_range(2), SYNC_FILE_RANGE_WRITE), so that the syncs of many files, one
    /// after the other, find it under way. <b>Nothing is durable on return</b>, and only a sync tells whether the data arrived. Where the system has no such
    /// call nothing happens.
    /// </summary>
    /// <remarks>
    /// An error, <see cref="Errno.InputOutput"/> or <see cref="Errno.NoSpace"/> among others, tells that the write-back could not begin, and <b>is final as for <see cref="SyncFile"/></b>: a filesystem that has given the data up (ext4, for a block
    /// that it cannot allocate: mpage_map_and_submit_extent in fs/ext4/inode.c) tells nobody else. The error of an earlier write-back is neither reported here nor taken from a later sync.
    /// </remarks>
    /// <param name="file">The file.</param>
    Errno StartWriteBack(FileHandle file);

    /// <summary>fsync(2) of a directory: the names in it are durable on success, its own name in its parent is not.</summary>
    /// <param name="directory">The directory.</param>
    Errno SyncDirectory(DirectoryHandle directory);

    /// <summary>
    /// Makes durable everything that was written to a directory's filesystem before the call, by any program: files, names, directories, in one call instead of a sync of each (syncfs(2)). It is not done where
    /// it cannot be relied on, or where too much is waiting to be written; nothing has happened then.
    /// </summary>
    /// <remarks>
    /// An error tells that something of the filesystem may not be durable: any program's, and of any time since the directory was opened, or before that if nobody was told. It says nothing of a single file, whose own sync tells, and is
    /// told once per open directory. But <see cref="Errno.Damaged"/>: the filesystem has met an error meanwhile and may have given up what waited to be written, of which <b>no later sync tells</b>. A filesystem that has stopped after an error, or has turned read-only, may answer with success: <see cref="SyncDirectory"/> of the directory, after it, tells. By default it is never done.
    /// </remarks>
    /// <param name="directory">Any directory of the filesystem. What is mounted below it is not meant.</param>
    /// <param name="unwrittenMax">It is done only while no more bytes than this wait in the machine's memory to be written, to whatever disk: the call writes those of this one, whoever's they are.</param>
    /// <param name="isDone">Whether it was done; false after an error.</param>
    Errno SyncAll(DirectoryHandle directory, long unwrittenMax, out bool isDone)
    {
        isDone = false;
        return Errno.None;
    }

    /// <summary>Renames, replacing a file of the target's name. Observers see the old or the new file, never neither.</summary>
    /// <param name="sourceDirectory">Where the source is.</param>
    /// <param name="source">Its name.</param>
    /// <param name="targetDirectory">Where it goes, on the same filesystem.</param>
    /// <param name="target">Its new name.</param>
    Errno Rename(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target);

    /// <summary>Renames; <see cref="Errno.Exists"/> if the target's name is taken (renameat2(2), RENAME_NOREPLACE).</summary>
    /// <param name="sourceDirectory">Where the source is.</param>
    /// <param name="source">Its name.</param>
    /// <param name="targetDirectory">Where it goes, on the same filesystem.</param>
    /// <param name="target">Its new name.</param>
    Errno RenameNoReplace(DirectoryHandle sourceDirectory, string source, DirectoryHandle targetDirectory, string target);

    /// <summary>
    /// Exchanges two names of one directory atomically (renameat2(2), RENAME_EXCHANGE). Both must exist.
    /// <see cref="Errno.Invalid"/> or <see cref="Errno.NotImplemented"/> where the filesystem cannot.
    /// </summary>
    /// <param name="directory">The directory of both.</param>
    /// <param name="first">One name.</param>
    /// <param name="second">The other name.</param>
    Errno Exchange(DirectoryHandle directory, string first, string second);

    /// <summary>Removes the name of a file.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The name.</param>
    Errno Unlink(DirectoryHandle directory, string name);

    /// <summary>Removes an empty directory.</summary>
    /// <param name="parent">Its parent.</param>
    /// <param name="name">Its name.</param>
    Errno RemoveDirectory(DirectoryHandle parent, string name);

    /// <summary>
    /// flock(2), never waiting: <see cref="Errno.WouldBlock"/> if another open file holds a lock that excludes this one. Changing the mode of a
    /// lock that is held is not atomic, and a refused change may lose it.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="mode">How to hold it.</param>
    Errno TryLock(FileHandle file, LockMode mode);

    /// <summary>Releases the flock held through this handle.</summary>
    /// <param name="file">The file.</param>
    Errno Unlock(FileHandle file);

    /// <summary>Who holds a flock on this file, as far as the kernel tells (/proc/locks). For messages only.</summary>
    /// <param name="file">The file.</param>
    IReadOnlyList<LockHolder> LockHolders(FileHandle file);

    /// <summary>Maps the first 64 bytes of a file, which must have them, for reading.</summary>
    /// <param name="file">The file. The view outlives the handle.</param>
    /// <param name="words">The view, null unless the result is <see cref="Errno.None"/>.</param>
    Errno MapWords(FileHandle file, out SharedWords? words);

    /// <summary>Reads an extended attribute. <see cref="Errno.NoData"/> if it does not exist.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name with the namespace, "user.note" for instance.</param>
    /// <param name="value">Its value, empty unless the result is <see cref="Errno.None"/>.</param>
    [SuppressMessage("Performance", "CA1819", Justification = "An attribute's value is small and the caller's own copy.")]
    Errno GetAttribute(FileHandle file, string name, out byte[] value);

    /// <summary>Sets an extended attribute.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name with the namespace.</param>
    /// <param name="value">Its value.</param>
    Errno SetAttribute(FileHandle file, string name, ReadOnlySpan<byte> value);

    /// <summary>Tells what kind of filesystem a directory lies on.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="traits">The answer, null unless the result is <see cref="Errno.None"/>.</param>
    Errno Describe(DirectoryHandle directory, out FileSystemTraits? traits);

    /// <summary>Fills a buffer with bytes that nobody can guess and no other process repeats: names of temp files, salts, ids.</summary>
    /// <param name="bytes">The buffer.</param>
    void FillRandom(Span<byte> bytes);
}
