using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Roots;
using SafeStore.Sandboxes;
using SafeStore.Vocabulary;

namespace SafeStore.Kata;

/// <summary>
/// Copies a store to a container runtime's tree of plain files: every document byte for byte, durably, each sandbox as it is at one point
/// in time, with the directories and the empty lock file without which Kata Containers cannot lock it. Replaces nothing. May be killed and
/// repeated.
/// </summary>
public sealed class TreeExport
{
    private const UnixFileMode LockFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly StateStore _store;
    private readonly IDurableFileSystem _fs;
    private readonly AtomicFile _atomic;

    /// <summary>An export of an open store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="fileSystem">Where to write; null for the operating system's.</param>
    public TreeExport(StateStore store, IDurableFileSystem? fileSystem = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
        _fs = fileSystem ?? new StoreOptions().FileSystemInUse;
        _atomic = new AtomicFile(_fs);
    }

    /// <summary>Exports the store. The work is done as the reports are asked for; a sandbox's reports come when it is durable.</summary>
    /// <param name="target">
    /// The tree; directories that do not exist are made. A file that is there with other bytes is reported and left as it is.
    /// </param>
    /// <param name="cancellationToken">Ends it between two sandboxes.</param>
    /// <exception cref="ArgumentException">The tree has no config root, or lies inside the store.</exception>
    /// <exception cref="StorageException">The operating system refused a call, or a symbolic link is in the way.</exception>
    /// <exception cref="NotDurableException">A file was written, but may not survive a power loss.</exception>
    /// <exception cref="LockTimeoutException">A sandbox's lock was not free in time.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public async IAsyncEnumerable<FileReport> RunAsync(
        TreeRoots target, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        string configRoot = target.Config
            ?? throw new ArgumentException("Name the config root too: half of the documents belong there.", nameof(target));
        target.ThrowIfInside(_store.Layout);
        using DirectoryHandle run = RootDirectory.OpenOrMake(_fs, target.Run);
        using DirectoryHandle config = RootDirectory.OpenOrMake(_fs, configRoot);
        foreach (string sandbox in _store.ListSandboxes())
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (FileReport report in await CopyAsync(sandbox, run, config, cancellationToken).ConfigureAwait(false))
            {
                yield return report;
            }
        }
    }

    /// <summary>A sandbox that cannot be looked at is reported, and the others follow.</summary>
    private async ValueTask<IReadOnlyList<FileReport>> CopyAsync(
        string sandbox, DirectoryHandle run, DirectoryHandle config, CancellationToken cancellation)
    {
        StoredSandbox? read;
        try
        {
            read = await ReadAsync(sandbox, cancellation).ConfigureAwait(false);
        }
        catch (StorageException failure) when (failure.Errno is Errno.NotDirectory or Errno.SymbolicLink or Errno.IsDirectory)
        {
            bool isInConfig = failure.Path.StartsWith($"{_store.Layout.Config}/", StringComparison.Ordinal);
            StoreRoot root = isInConfig ? StoreRoot.Config : StoreRoot.Run;
            return [new FileReport(FileOutcome.Unreadable, root, sandbox, null, null) { Reason = failure.Message }];
        }

        return read is null ? [] : Write(read, run, config);
    }

    /// <summary>Reads a sandbox whole; null if it was removed since it was listed.</summary>
    private async ValueTask<StoredSandbox?> ReadAsync(string sandbox, CancellationToken cancellation)
    {
        try
        {
            await using SandboxLock held =
                await _store.LockAsync(sandbox, LockMode.Shared, cancellationToken: cancellation).ConfigureAwait(false);
            return new StoredSandbox(sandbox, held.ListContainers(), [.. _store.ReadAllJson(sandbox)]);
        }
        catch (StorageException failure) when (failure.Errno == Errno.NotFound) // no lock file: no process has locked it yet
        {
            return new StoredSandbox(sandbox, _store.ListContainers(sandbox), [.. _store.ReadAllJson(sandbox)]);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    /// <summary>
    /// In the order in which Kata makes a sandbox: the run root with the lock file first, and last the sandbox's own config.json, without
    /// which it does not see the sandbox.
    /// </summary>
    private List<FileReport> Write(StoredSandbox sandbox, DirectoryHandle run, DirectoryHandle config)
    {
        var reports = new List<FileReport>(sandbox.Documents.Count);
        ILookup<(StoreRoot, string?), DocumentResult<byte[]>> documents =
            sandbox.Documents.ToLookup(static result => (result.Document.Root, result.Document.Container));
        foreach ((StoreRoot root, DirectoryHandle top) in new[] { (StoreRoot.Run, run), (StoreRoot.Config, config) })
        {
            using DirectoryHandle directory = RootDirectory.OpenOrMake(_fs, top, sandbox.Id);
            if (root == StoreRoot.Run)
            {
                MakeLockFile(directory);
            }

            foreach (string container in sandbox.Containers)
            {
                using DirectoryHandle inner = RootDirectory.OpenOrMake(_fs, directory, container);
                Write(documents[(root, container)], inner, reports);
            }

            Write(documents[(root, null)], directory, reports);
        }

        return reports;
    }

    private void MakeLockFile(DirectoryHandle directory)
    {
        Errno errno = _fs.CreateFile(directory, Identifier.LockFile, LockFileMode, out FileHandle? file);
        file?.Dispose();
        StorageException.ThrowIfFailed(
            errno == Errno.Exists ? Errno.None : errno, "create the lock file", directory.Path, Identifier.LockFile);
        StorageException.ThrowIfFailed(_fs.SyncDirectory(directory), "sync the directory", directory.Path);
    }

    private void Write(IEnumerable<DocumentResult<byte[]>> documents, DirectoryHandle directory, List<FileReport> reports)
    {
        Durability.Sweep(_fs, directory);
        reports.AddRange(documents.Select(result => Write(result, directory)));
    }

    /// <summary>What a document is that the store could not read.</summary>
    private static FileReport ReportOn(DocumentId document, SafeStoreException failure)
    {
        var report = new FileReport(FileOutcome.Unreadable, document.Root, document.Sandbox, document.Container, document.File)
        {
            Reason = failure.Message,
        };
        return failure switch
        {
            DocumentCorruptException corrupt =>
                report with { Outcome = FileOutcome.Damaged, Reason = $"{corrupt.Reason} at byte {corrupt.Position}" },
            DocumentTooLargeException large =>
                report with
                {
                    Outcome = FileOutcome.TooLarge,
                    Reason = $"it is larger than {large.Position} bytes, the limit for documents"
                },
            StorageException { Errno: Errno.SymbolicLink } =>
                report with { Outcome = FileOutcome.SymbolicLink, Reason = "it is a symbolic link, and none is followed" },
            _ => report,
        };
    }

    private FileReport Write(DocumentResult<byte[]> result, DirectoryHandle directory)
    {
        DocumentId document = result.Document;
        if (result.Error is { } failure)
        {
            return ReportOn(document, failure);
        }

        var report = new FileReport(FileOutcome.Exported, document.Root, document.Sandbox, document.Container, document.File)
        {
            Bytes = result.Value!.Length,
        };
        if (document is { Root: StoreRoot.Config, Container: null, File: IntentDocument.File })
        {
            return report with
            {
                Outcome = FileOutcome.Ignored,
                Reason = "it is SafeStore's own: work that is not completed would be undone from it"
            };
        }

        switch (HasBytes(directory, document.File, result.Value))
        {
            case null:
                _atomic.Write(directory, document.File, result.Value);
                return report;
            case true:
                return report with { Outcome = FileOutcome.Unchanged };
            default:
                return report with
                {
                    Outcome = FileOutcome.Differs,
                    Reason = $"'{directory.Path}/{document.File}' is there with another content"
                };
        }
    }

    /// <summary>Whether a file has these bytes, made durable then; null if it does not exist.</summary>
    private bool? HasBytes(DirectoryHandle directory, string name, byte[] bytes)
    {
        Errno errno = WholeFile.Read(_fs, directory, name, bytes.Length, out byte[] rented, out int length);
        if (errno is Errno.NotFound)
        {
            return null;
        }

        if (errno is Errno.FileTooLarge or Errno.SymbolicLink or Errno.IsDirectory)
        {
            return false;
        }

        StorageException.ThrowIfFailed(errno, "read", directory.Path, name);
        bool isSame = rented.AsSpan(0, length).SequenceEqual(bytes);
        ArrayPool<byte>.Shared.Return(rented);
        if (isSame)
        {
            Durability.Sync(_fs, directory, name);
        }

        return isSame;
    }

    private sealed record StoredSandbox(string Id, IReadOnlyList<string> Containers, IReadOnlyList<DocumentResult<byte[]>> Documents);
}
