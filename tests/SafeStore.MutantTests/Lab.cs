using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Testing;
using SafeStore.Testing.Disks;
using SafeStore.Testing.Files;

namespace SafeStore.MutantTests;

/// <summary>A simulated machine with a store on it.</summary>
internal sealed class Lab
{
    public Lab(SimulatedMachineOptions? options = null)
        : this(new SimulatedMachine(options))
    {
    }

    public Lab(SimulatedMachine machine) => Machine = machine;

    public static StoreLayout Layout { get; } = StoreLayout.At("/store");

    /// <summary>Segments of three blocks, so that they change often; no work in the background.</summary>
    public static StoreOptions Options { get; } = new() { SegmentBytes = 16 * 1024, CheckpointInterval = Timeout.InfiniteTimeSpan };

    public SimulatedMachine Machine { get; }

    /// <summary>The clock of its process, where they need that.</summary>
    public SimulatedClock? Clock { get; set; }

    /// <summary>The store that the steps of a workload share.</summary>
    public StateStore Store { get; set; } = null!;

    /// <summary>Opens the store in a process of its own.</summary>
    public ValueTask<StateStore> OpenAsync(string process = "process", StoreOptions? options = null) =>
        OpenAsync(Machine.Start(process), options);

    public static ValueTask<StateStore> OpenAsync(SimulatedProcess process, StoreOptions? options = null) =>
        StateStore.OpenAsync(Layout, (options ?? Options) with { FileSystem = process.FileSystem, TimeProvider = process.Clock });

    public static string Differences(
        SortedDictionary<string, string> found, SortedDictionary<string, string> before, SortedDictionary<string, string> after) =>
        string.Join("; ", found.Keys.Union(before.Keys).Union(after.Keys).Order(StringComparer.Ordinal)
            .Select(key => $"{key} = {Short(found, key)}, before {Short(before, key)}, after {Short(after, key)}"));

    /// <summary>
    /// Every document as any program sees it now, as "config/sb/web/a.json" and its text; directories too, with a slash and no text.
    /// </summary>
    public SortedDictionary<string, string> Visible()
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string path, Inode inode) in Walk("/store"))
        {
            if (path is "/store/config" or "/store/run" || path.Contains(StoreLayout.MetadataName, StringComparison.Ordinal))
            {
                continue;
            }

            string name = path[(path.LastIndexOf('/') + 1)..];
            if (inode is DirectoryInode)
            {
                found.Add(path["/store/".Length..] + "/", "");
            }
            else if (inode is FileInode file && name != "lock")
            {
                found.Add(path["/store/".Length..], Encoding.UTF8.GetString(file.Content.ToArray()));
            }
        }

        return found;
    }

    /// <summary>The names of the scratch directories of a root, in the order in which a listing has them.</summary>
    public List<string> Scratches(string root)
    {
        SimulatedFileSystem fs = Machine.Start("onlooker").FileSystem;
        var entries = new List<DirectoryEntry>();
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot($"/store/{root}/{StoreLayout.MetadataName}/scratch", out DirectoryHandle? directory));
        Xunit.Assert.Equal(Errno.None, fs.List(directory!, entries));
        return entries.ConvertAll(static entry => entry.Name);
    }

    /// <summary>A sandbox's lock word.</summary>
    public LockWord WordOf(string sandbox)
    {
        SimulatedFileSystem fs = Machine.Start("onlooker").FileSystem;
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot("/store/run", out DirectoryHandle? run));
        return LockWord.TryRead(fs, run!, $"{sandbox}/lock") ?? default;
    }

    /// <summary>Writes zeros over a sandbox's lock word, as a program does that does not know what it is.</summary>
    public void DamageLockWord(string sandbox)
    {
        SimulatedFileSystem fs = Machine.Start("other program").FileSystem;
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot("/store/run", out DirectoryHandle? run));
        if (fs.OpenFile(run!, $"{sandbox}/lock", FileUse.ReadWrite, out FileHandle? file) == Errno.None)
        {
            Xunit.Assert.Equal(Errno.None, fs.Write(file!, new byte[32], 0, out _));
        }
    }

    /// <summary>Makes a directory, as another program does.</summary>
    public void MakeDirectory(string place, string name)
    {
        SimulatedFileSystem fs = Machine.Start("other program").FileSystem;
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot($"/store/{place}", out DirectoryHandle? parent));
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Xunit.Assert.Equal(Errno.None, fs.MakeDirectory(parent!, name, mode, out DirectoryHandle? made));
        made!.Dispose();
    }

    /// <summary>Writes a file in place, as another program does.</summary>
    public void WriteFile(string path, string content)
    {
        SimulatedFileSystem fs = Machine.Start("other program").FileSystem;
        int slash = path.LastIndexOf('/');
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot(path[..slash], out DirectoryHandle? directory));
        Errno errno = fs.OpenFile(directory!, path[(slash + 1)..], FileUse.ReadWrite, out FileHandle? file);
        errno = errno == Errno.NotFound ? fs.CreateFile(directory!, path[(slash + 1)..], AtomicFile.DefaultMode, out file) : errno;
        Xunit.Assert.Equal(Errno.None, errno);
        Xunit.Assert.Equal(Errno.None, fs.Write(file!, Encoding.UTF8.GetBytes(content), 0, out _));
    }

    /// <summary>The paths of all that lies below a directory.</summary>
    public IEnumerable<string> Paths(string directory) =>
        Walk("/store").Select(static found => found.Path).Where(path => path.StartsWith(directory, StringComparison.Ordinal));

    /// <summary>What a file says; null for a directory.</summary>
    public string? TextOf(string path) =>
        Walk("/store").First(found => found.Path == path).Inode is FileInode file ? Encoding.UTF8.GetString(file.Content.ToArray()) : null;

    /// <summary>Removes a directory with the files in it, as another program does.</summary>
    public void RemoveDirectory(string place, string name, bool syncs = false)
    {
        SimulatedFileSystem fs = Machine.Start("other program").FileSystem;
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot($"/store/{place}", out DirectoryHandle? parent));
        Xunit.Assert.Equal(Errno.None, fs.OpenDirectory(parent!, name, out DirectoryHandle? directory));
        var entries = new List<DirectoryEntry>();
        Xunit.Assert.Equal(Errno.None, fs.List(directory!, entries));
        Xunit.Assert.All(entries, entry => Xunit.Assert.Equal(Errno.None, fs.Unlink(directory!, entry.Name)));
        Xunit.Assert.Equal(Errno.None, fs.RemoveDirectory(parent!, name));
        Xunit.Assert.Equal(Errno.None, syncs ? fs.SyncDirectory(parent!) : Errno.None);
    }

    /// <summary>Puts a copy in the place of a file, as a restore from a backup does.</summary>
    public void ReplaceByCopy(string directory, string name)
    {
        SimulatedFileSystem fs = Machine.Start("other program").FileSystem;
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot(directory, out DirectoryHandle? parent));
        Xunit.Assert.Equal(Errno.None, fs.OpenFile(parent!, name, FileUse.Read, out FileHandle? file));
        byte[] content = new byte[4096];
        Xunit.Assert.Equal(Errno.None, fs.Read(file!, content, 0, out int count));
        Xunit.Assert.Equal(Errno.None, fs.CreateFile(parent!, "copy", AtomicFile.DefaultMode, out FileHandle? copy));
        Xunit.Assert.Equal(Errno.None, fs.Write(copy!, content.AsSpan(0, count), 0, out _));
        Xunit.Assert.Equal(Errno.None, fs.Rename(parent!, "copy", parent!, name, RenameKind.Replace));
    }

    /// <summary>Copies a tree as cp -al does: its files get a second name.</summary>
    public void CopyByLinks(string from, string to)
    {
        var calls = (IPathCalls)Machine.Start("backup").FileSystem;
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Xunit.Assert.Equal(Errno.None, calls.MakeDirectory(to, mode));
        foreach ((string path, Inode inode) in Walk(from).ToList())
        {
            string copy = to + path[from.Length..];
            Xunit.Assert.Equal(Errno.None, inode is DirectoryInode ? calls.MakeDirectory(copy, mode) : calls.Link(path, copy));
        }
    }

    /// <summary>What all files below a directory hold now.</summary>
    public SortedDictionary<string, string> Contents(string directory) => new(
        Walk(directory).Where(static entry => entry.Inode is FileInode)
            .ToDictionary(
                static entry => entry.Path, static entry => Convert.ToHexString(((FileInode)entry.Inode).Content.ToArray())),
        StringComparer.Ordinal);

    /// <summary>What a directory's files hold whose names begin so, as a backup has them.</summary>
    public Dictionary<string, byte[]> Save(string directory, string prefix)
    {
        SimulatedFileSystem fs = Machine.Start("backup").FileSystem;
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot(directory, out DirectoryHandle? parent));
        var entries = new List<DirectoryEntry>();
        Xunit.Assert.Equal(Errno.None, fs.List(parent!, entries));
        var saved = new Dictionary<string, byte[]>();
        foreach (string name in entries.Select(static entry => entry.Name).Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            Xunit.Assert.Equal(Errno.None, fs.OpenFile(parent!, name, FileUse.Read, out FileHandle? file));
            byte[] content = new byte[64 * 1024];
            Xunit.Assert.Equal(Errno.None, fs.Read(file!, content, 0, out int count));
            saved.Add(name, content[..count]);
        }

        return saved;
    }

    /// <summary>Gives files the content that they had.</summary>
    public void Restore(string directory, Dictionary<string, byte[]> saved)
    {
        SimulatedFileSystem fs = Machine.Start("backup").FileSystem;
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot(directory, out DirectoryHandle? parent));
        foreach ((string name, byte[] content) in saved)
        {
            Xunit.Assert.Equal(Errno.None, fs.OpenFile(parent!, name, FileUse.ReadWrite, out FileHandle? file));
            Xunit.Assert.Equal(Errno.None, fs.Write(file!, content, 0, out _));
        }
    }

    /// <summary>Damages the payload of a record in a segment, where each record has a block of its own.</summary>
    public void DamageRecord(int number, long firstLsn = 1)
    {
        SimulatedFileSystem fs = Machine.Start("failing disk").FileSystem;
        Xunit.Assert.Equal(Errno.None, fs.OpenRoot("/store/config/.safestore/log", out DirectoryHandle? log));
        Xunit.Assert.Equal(Errno.None, fs.OpenFile(log!, $"{firstLsn:x16}.log", FileUse.ReadWrite, out FileHandle? segment));
        Span<byte> payload = stackalloc byte[1];
        long offset = (number * RecordFormat.BlockBytes) + RecordFormat.HeaderBytes;
        Xunit.Assert.Equal(Errno.None, fs.Read(segment!, payload, offset, out _));
        payload[0] ^= 1;
        Xunit.Assert.Equal(Errno.None, fs.Write(segment!, payload, offset, out _));
    }

    /// <summary>
    /// What transactions leave behind only when they are not finished: whatever lies in scratch/(owner)/ or new/, and temp files of the
    /// metadata. (In a sandbox nothing but documents and the lock file may lie; <see cref="Visible"/> shows everything else as a document.)
    /// </summary>
    public List<string> Leftovers() =>
        [.. Walk("/store").Select(static found => found.Path).Where(static path => IsLeftOver(path.Split('/')))];

    /// <param name="parts">Nothing, "store", the root, ".safestore", and what lies in it.</param>
    private static bool IsLeftOver(string[] parts) =>
        TempName.IsFile(parts[^1])
        || (parts.Length > 5 && parts[3] == StoreLayout.MetadataName && (parts[4] == "new" || (parts[4] == "scratch" && parts.Length > 6)));

    private static string Short(SortedDictionary<string, string> state, string key) =>
        !state.TryGetValue(key, out string? text) ? "none"
        : text.Length > 12 ? $"{text[..12]}...({text.Length})"
        : text.Length == 0 ? "there" : text;

    /// <summary>Looks without any call that a fault could befall.</summary>
    private IEnumerable<(string Path, Inode Inode)> Walk(string directory)
    {
        if (Machine.Mounts.Walk(directory, follow: false, out Place place) != Errno.None
            || place.Inode is not DirectoryInode { Names: var names })
        {
            yield break;
        }

        foreach (string name in names.Keys.Order(StringComparer.Ordinal).ToList())
        {
            string path = $"{directory}/{name}";
            if (Machine.Mounts.Walk(path, follow: false, out Place child) == Errno.None)
            {
                yield return (path, child.Inode);
                foreach ((string, Inode) inner in Walk(path))
                {
                    yield return inner;
                }
            }
        }
    }
}

/// <summary>Shorthands: what a scenario says is what it is about.</summary>
internal static class StoreCalls
{
    public static async Task<Lsn> CreateAsync(this StateStore store, string sandbox, Action<SandboxChange> fill)
    {
        await using SandboxLock held = await store.LockNewAsync(sandbox);
        SandboxChange change = held.Change();
        fill(change);
        return await change.CommitAsync();
    }

    public static async Task<Lsn> ChangeAsync(this StateStore store, string sandbox, Action<SandboxChange> fill)
    {
        await using SandboxLock held = await store.LockAsync(sandbox);
        SandboxChange change = held.Change();
        fill(change);
        return await change.CommitAsync();
    }

    /// <summary>Locks a sandbox, which finishes or undoes what a dead process has left, and tells its version.</summary>
    public static async Task<Lsn> TouchAsync(this StateStore store, string sandbox)
    {
        await using SandboxLock held = await store.LockAsync(sandbox);
        return held.Version;
    }

    public static SandboxChange Put(this SandboxChange change, StoreRoot root, string? container, string file, string text) =>
        change.PutJson(root, container, file, Encoding.UTF8.GetBytes(text));

    public static SandboxChange Put(this SandboxChange change, string file, string text) => change.Put(StoreRoot.Config, null, file, text);

    /// <summary>A JSON string of so many bytes.</summary>
    public static string Long(char character, int bytes) => $"\"{new string(character, bytes - 2)}\"";
}
