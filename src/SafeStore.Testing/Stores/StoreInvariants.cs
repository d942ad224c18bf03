using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Testing;

/// <summary>
/// What must hold of a store after any crash, whatever it holds: it opens, nothing half made lies around, every document has a stamp, all
/// stamps hold, and recovering it again changes nothing. A check recovers a store with this and then looks at its own documents.
/// </summary>
/// <example>
/// <code>
/// var invariants = new StoreInvariants(StoreLayout.At("/store"));
/// CrashReport report = await new CrashExplorer().ExploreAsync(
///     async run => { await using StateStore store = await invariants.OpenAsync(run.Process); /* ... */ run.Acknowledge("v2"); },
///     async state => { StateStore store = await invariants.RecoverAsync(state); /* what must be there */ });
/// report.ThrowIfViolated();
/// </code>
/// </example>
public sealed class StoreInvariants
{
    private readonly StoreOptions _options;

    /// <summary>Invariants of a store at a place.</summary>
    /// <param name="layout">Where it lies on the simulated machine.</param>
    /// <param name="options">
    /// How it works; its filesystem and clock are replaced by those of the process. Null for small segments and no timer.
    /// </param>
    public StoreInvariants(StoreLayout layout, StoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Layout = layout;
        _options = options ?? new StoreOptions { SegmentBytes = 16 * 1024, LogBytesMax = 0, CheckpointInterval = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Where the store lies.</summary>
    public StoreLayout Layout { get; }

    /// <summary>
    /// Whether documents may have no stamp, since other programs put some there, or the workload's faults keep stamps from being set. The
    /// default is false. A filesystem without attributes of users needs no such word.
    /// </summary>
    public bool AllowsUnstamped { get; init; }

    /// <summary>Opens the store in a process of a simulated machine.</summary>
    /// <param name="process">The process.</param>
    /// <exception cref="SafeStoreException">As <see cref="StateStore.OpenAsync"/>.</exception>
    public ValueTask<StateStore> OpenAsync(SimulatedProcess process)
    {
        ArgumentNullException.ThrowIfNull(process);
        return StateStore.OpenAsync(Layout, _options with { FileSystem = process.FileSystem, TimeProvider = process.Clock });
    }

    /// <summary>
    /// Recovers the store twice, the second time after a kill, and checks the invariants; ends the part that is crashed again.
    /// </summary>
    /// <param name="state">What the crash has left.</param>
    /// <returns>The open store.</returns>
    /// <exception cref="CrashViolationException">An invariant does not hold.</exception>
    /// <exception cref="SafeStoreException">The store does not open.</exception>
    public async ValueTask<StateStore> RecoverAsync(CrashState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (!state.HasLostPower)
        {
            _ = List(state.FileSystem); // stamped before it can be seen: not even a reader beside a dead process sees one without
        }

        _ = await OpenAsync(state.Process).ConfigureAwait(false);
        List<string> first = Look(state.FileSystem);
        state.EndRecovery();
        state.Process.Kill();
        SimulatedProcess process = state.Machine.Start("check again");
        StateStore store = await OpenAsync(process).ConfigureAwait(false);
        List<string> second = Look(process.FileSystem);
        if (!new HashSet<string>(first, StringComparer.Ordinal).SetEquals(second))
        {
            throw new CrashViolationException(
                $"A second recovery has changed what the first had left: {string.Join(", ", first)} became {string.Join(", ", second)}.");
        }

        return store;
    }

    /// <summary>Lists the roots; whatever a crash must not leave is a violation.</summary>
    private List<string> Look(SimulatedFileSystem fs)
    {
        List<string> found = List(fs);
        foreach (string metadata in new[] { Layout.ConfigMetadata, Layout.RunMetadata })
        {
            CheckMetadata(fs, metadata);
            var left = new List<string>();
            Walk(fs, $"{metadata}/new", "", left);
            Walk(fs, $"{metadata}/scratch", "", left);
            // empty ones
            left.RemoveAll(
                path => path.Count(static character => character == '/') == metadata.Count(static character => character == '/') + 3);
            if (left.Count > 0)
            {
                throw new CrashViolationException($"After recovery something is staged, or half removed: {string.Join(", ", left)}.");
            }
        }

        return found;
    }

    /// <summary>What the roots hold, but for metadata; documents with their versions.</summary>
    private List<string> List(SimulatedFileSystem fs)
    {
        var found = new List<string>();
        Walk(fs, Layout.Config, Layout.ConfigMetadata, found);
        Walk(fs, Layout.Run, Layout.RunMetadata, found);
        return found;
    }

    private void Walk(SimulatedFileSystem fs, string path, string except, List<string> found)
    {
        Errno errno = fs.OpenRoot(path, out DirectoryHandle? directory);
        if (errno == Errno.NotFound)
        {
            return;
        }

        StorageException.ThrowIfFailed(errno, "open", path);
        using (directory)
        {
            foreach (DirectoryEntry entry in List(fs, directory!))
            {
                string entryPath = $"{path}/{entry.Name}";
                if (entryPath != except && entry.Kind == FileKind.Directory)
                {
                    found.Add(entryPath + "/");
                    Walk(fs, entryPath, except, found);
                }
                else if (entryPath != except)
                {
                    found.Add($"{entryPath} {Look(fs, directory!, entry.Name)}");
                }
            }
        }
    }

    private static void CheckMetadata(SimulatedFileSystem fs, string metadata)
    {
        StorageException.ThrowIfFailed(fs.OpenRoot(metadata, out DirectoryHandle? directory), "open", metadata);
        using (directory)
        {
            _ = List(fs, directory!);
        }
    }

    /// <summary>What a directory has; a temp file is a violation.</summary>
    private static List<DirectoryEntry> List(SimulatedFileSystem fs, DirectoryHandle directory)
    {
        var entries = new List<DirectoryEntry>();
        StorageException.ThrowIfFailed(fs.List(directory, entries), "list", directory.Path);
        return entries.Find(static entry => TempName.IsFile(entry.Name)) is { Name: { } name }
            ? throw new CrashViolationException($"After recovery there is a temp file: {directory.Path}/{name}.")
            : entries;
    }

    /// <summary>A hash of a file's content, and its version if it is a document.</summary>
    private string Look(SimulatedFileSystem fs, DirectoryHandle directory, string name)
    {
        StorageException.ThrowIfFailed(
            fs.OpenFile(directory, name, FileUse.Read, out FileHandle? file), "open", $"{directory.Path}/{name}");
        using (file)
        {
            StorageException.ThrowIfFailed(fs.Stat(file!, out FileStatus status), "stat", file!.Path);
            byte[] bytes = new byte[status.Size];
            StorageException.ThrowIfFailed(fs.Read(file, bytes, 0, out int count), "read", file.Path);
            ReadOnlySpan<byte> content = bytes.AsSpan(0, count);
            Lsn? version = Identifier.IsFree(name) && !IsMetadata(directory.Path) ? CheckStamp(fs, file, content) : null;
            return $"{System.IO.Hashing.XxHash128.HashToUInt128(content):x} {version}";
        }
    }

    private bool IsMetadata(string path) =>
        path.StartsWith(Layout.ConfigMetadata, StringComparison.Ordinal) || path.StartsWith(Layout.RunMetadata, StringComparison.Ordinal);

    private Lsn? CheckStamp(SimulatedFileSystem fs, FileHandle file, ReadOnlySpan<byte> content)
    {
        Errno errno = fs.GetAttribute(file, StampAttribute.Name, out _);
        if (errno == Errno.NotSupported || (errno == Errno.NoData && AllowsUnstamped))
        {
            return null;
        }

        StorageException.ThrowIfFailed(DocumentStamp.Read(fs, file, out DocumentStamp? stamp, out _), "read the stamp", file.Path);
        return stamp is { } found && found.Holds(content) ? found.Lsn
            : throw new CrashViolationException(
                $"The document '{file.Path}' {(stamp is null ? "has no stamp" : $"is not what transaction {stamp.Value.Lsn} wrote")}.");
    }
}
