using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using SafeStore.Benchmarks.Results;
using SafeStore.Benchmarks.Running;
using SafeStore.FileSystem;

namespace SafeStore.Benchmarks;

/// <summary>What the disk itself can do, by system calls from C#: the bound of every store on it.</summary>
internal sealed class Limits : IDisposable
{
    private const int Block = 4096;
    private const int Blocks = 1024;
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly PosixFileSystem _fs = new();
    private readonly DirectoryHandle _directory;
    private readonly List<FileHandle> _files = [];
    private readonly byte[] _bytes = new byte[Block * Blocks];
    private readonly ResultTable _table =
        new("LIMITS", "what the disk can do, one thread", "overwrite 4 KiB, preallocated and written, fdatasync",
        [new Metric("ops/s"), Metric.P50, Metric.P99, Metric.P999]);

    private Limits(string place)
    {
        Directory.CreateDirectory(place);
        Check(_fs.OpenRoot(place, out DirectoryHandle? directory));
        _directory = directory!;
    }

    public static async Task RunAsync(string directory, Arguments arguments)
    {
        using var limits = new Limits(Path.Join(directory, "limits"));
        int count = arguments.Number("--count", 1000);
        for (int round = 0; round <= arguments.Number("--rounds", 5); round++)
        {
            foreach ((string name, Func<int, Action<int>> prepare) in limits.Loops())
            {
                Action<int> loop = prepare(round);
                Measurement measured = await Clockwork.TimeAsync(1, count, (_, i) =>
                {
                    loop(i);
                    return ValueTask.CompletedTask;
                });
                if (round > 0)
                {
                    limits._table.Add("1 thread", name, true, measured.PerSecond, measured.P50, measured.P99, measured.P999);
                }
            }
        }

        TableText.Print(limits._table);
        Suite.Write(arguments, [limits._table]);
    }

    public void Dispose()
    {
        _files.ForEach(static file => file.Dispose());
        _directory.Dispose();
    }

    private IEnumerable<(string Name, Func<int, Action<int>> Prepare)> Loops() =>
    [
        ("overwrite 4 KiB, preallocated and written, fdatasync", round =>
        {
            FileHandle file = Written($"overwrite-{round}");
            return i => WriteAndSync(file, Block, i % Blocks * (long)Block);
        }),
        ("overwrite 8 KiB, preallocated and written, fdatasync", round =>
        {
            FileHandle file = Written($"overwrite8-{round}");
            return i => WriteAndSync(file, 2 * Block, i * 2 % Blocks * (long)Block);
        }),
        ("append 1 KiB to a growing file, fdatasync", round =>
        {
            FileHandle file = Created($"append-{round}");
            return i => WriteAndSync(file, 1024, i * 1024L);
        }),
        ("append 4 KiB into allocated, unwritten space, fdatasync", round =>
        {
            FileHandle file = Created($"allocated-{round}");
            Check(_fs.Allocate(file, 64 * 1024 * 1024));
            Check(_fs.SyncFile(file));
            return i => WriteAndSync(file, Block, i * (long)Block);
        }),
        ("new file of 1 KiB, fsync, rename over, fsync(dir)", _ => _ =>
        {
            Stage(sync: true);
            Check(_fs.Rename(_directory, "temp", _directory, "target", RenameKind.Replace));
            Check(_fs.SyncDirectory(_directory));
        }),
        ("new file of 1 KiB, rename over, no sync", _ => _ =>
        {
            Stage(sync: false);
            Check(_fs.Rename(_directory, "temp", _directory, "target", RenameKind.Replace));
        }),
        ("new file of 1 KiB, exchange, unlink, no sync", _ =>
        {
            Created("other");
            return _ =>
            {
                Stage(sync: false);
                Check(_fs.Rename(_directory, "temp", _directory, "other", RenameKind.Exchange));
                Check(_fs.Unlink(_directory, "temp"));
            };
        }),
        ("one SafeStore commit by hand: new file, 4 KiB to the log, fdatasync, exchange, unlink", round =>
        {
            FileHandle log = Written($"log-{round}");
            Created("published");
            return i =>
            {
                Stage(sync: false);
                WriteAndSync(log, Block, i % Blocks * (long)Block);
                Check(_fs.Rename(_directory, "temp", _directory, "published", RenameKind.Exchange));
                Check(_fs.Unlink(_directory, "temp"));
            };
        }),
    ];

    private FileHandle Created(string name)
    {
        _ = _fs.Unlink(_directory, name);
        Check(_fs.CreateFile(_directory, name, Mode, out FileHandle? file));
        _files.Add(file!);
        return file!;
    }

    private FileHandle Written(string name)
    {
        FileHandle file = Created(name);
        for (int written = 0; written < _bytes.Length;)
        {
            Check(_fs.Write(file, _bytes.AsSpan(written), written, out int count));
            written += count;
        }

        Check(_fs.SyncFile(file));
        return file;
    }

    private void WriteAndSync(FileHandle file, int bytes, long offset)
    {
        Check(_fs.Write(file, _bytes.AsSpan(0, bytes), offset, out _));
        Check(_fs.SyncData(file));
    }

    private void Stage(bool sync)
    {
        Check(_fs.CreateFile(_directory, "temp", Mode, out FileHandle? file));
        using (file)
        {
            Check(_fs.Write(file!, _bytes.AsSpan(0, 1024), 0, out _));
            Check(sync ? _fs.SyncFile(file!) : Errno.None);
        }
    }

    private static void Check(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new IOException($"errno {errno}");
        }
    }
}
