using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Tests;
using Xunit;

namespace SafeStore.PropertyTests.Store;

/// <summary>A real store in a temp directory, open twice, and the checks of what it holds.</summary>
internal sealed class World(Script script) : IAsyncDisposable
{
    private readonly TempDirectory _temp = new(script.OnDisk);
    private readonly StateStore?[] _processes = new StateStore?[2];
    private int _generation;
    private bool _wasKilled;

    private string Root => Path.Combine(_temp.Path, $"store{_generation}");

    public StateStore this[int process] => _processes[process]!;

    public async Task OpenAsync(int process) => _processes[process] = await StateStore.OpenAsync(
        StoreLayout.At(Root),
        new StoreOptions
        {
            SegmentBytes = 16 * 1024,
            LogBytesMax = script.LogBytesMax,
            CheckpointInterval = Timeout.InfiniteTimeSpan,
            IdleSandboxesMax = 1,
        });

    public async Task CloseAsync(int process)
    {
        if (Interlocked.Exchange(ref _processes[process], null) is { } store)
        {
            await store.DisposeAsync();
        }
    }

    /// <summary>Goes on with a copy of the files as they are now, which is what a kill leaves, then lets the old processes end.</summary>
    public async Task KillAsync()
    {
        string old = Root;
        _generation++;
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(Path.Combine(old, "config", ".safestore"), out DirectoryHandle? metadata));
        using (metadata)
        {
            // Not in the middle of a checkpoint: a copy takes its time, and would see the two ends of it.
            Assert.Equal(Errno.None, fs.OpenFile(metadata!, "store.json", FileUse.ReadWrite, out FileHandle? anchor));
            using FileHandle file = anchor!;
            var wait = TimeSpan.FromSeconds(10);
            using var waiting = new LockWaiting(TimeProvider.System, wait);
            var checkpoint = new FileLock(fs, file, LockRange.Byte((long)StoreLock.Checkpoint), waiting);
            Assert.True(await checkpoint.TryAcquireAsync(LockMode.Exclusive, wait, CancellationToken.None));
            CrashImage.Copy(old, Root);
        }

        _wasKilled = true;
        await CloseAsync(0);
        await CloseAsync(1);
        Directory.Delete(old, recursive: true);
        await OpenAsync(0);
        await OpenAsync(1);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(0);
        await CloseAsync(1);
        _temp.Dispose();
    }

    /// <summary>The whole content, through a store object, as lines; <see cref="Show"/> gives the same of the model.</summary>
    public static List<string> Content(StateStore store)
    {
        var lines = new List<string>();
        foreach (string sandbox in store.ListSandboxes())
        {
            lines.Add(sandbox);
            lines.AddRange(store.ListContainers(sandbox).Select(container => $"{sandbox}/{container}/"));
            lines.AddRange(store.ReadAllJson(sandbox).Select(static result =>
                $"{result.Document} = {(result.Value is { } json ? Encoding.UTF8.GetString(json) : result.Error!.Message)}"));
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    public static List<string> Show(IReadOnlyDictionary<string, ModelSandbox> model)
    {
        var lines = new List<string>();
        foreach ((string sandbox, ModelSandbox content) in model)
        {
            lines.Add(sandbox);
            lines.AddRange(content.Containers.Select(container => $"{sandbox}/{container}/"));
            lines.AddRange(content.Documents.Select(document =>
                $"{new DocumentId(sandbox, document.Key.Container, document.Key.Root, document.Key.File)} = {document.Value}"));
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>No temp file, nothing staged, nothing half removed; modes as promised, whatever the umask.</summary>
    public void CheckFiles()
    {
        foreach (string root in new[] { "config", "run" })
        {
            string path = Path.Combine(Root, root);
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(path, ".safestore", "new")));
            if (!_wasKilled)
            {
                string[] scratches = Directory.GetDirectories(Path.Combine(path, ".safestore", "scratch"));
                Assert.Empty(scratches.SelectMany(Directory.GetFileSystemEntries));
            }

            foreach (string sandbox in Directory.GetDirectories(path)
                .Where(static directory => !Path.GetFileName(directory).StartsWith('.')))
            {
                foreach (string entry in Directory.GetFileSystemEntries(sandbox, "*", SearchOption.AllDirectories).Append(sandbox))
                {
                    Assert.False(TempName.IsFile(Path.GetFileName(entry)), $"temp file {entry} is left");
                    Assert.Equal(Directory.Exists(entry) ? Octal(0b111_101_000) : Octal(0b110_100_000), File.GetUnixFileMode(entry));
                }
            }
        }
    }

    private static UnixFileMode Octal(int bits) => (UnixFileMode)bits;
}
