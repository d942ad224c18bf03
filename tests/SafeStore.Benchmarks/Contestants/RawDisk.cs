using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>
/// The limit: a loop of pwrite and fdatasync over a preallocated, written file for each writer; 4 KiB per transaction, or as much as its
/// documents need.
/// </summary>
internal sealed class RawDisk(string place) : Contestant(place)
{
    private const int Block = 4096;
    private const int Blocks = 1024;

    private readonly PosixFileSystem _fs = new();
    private readonly byte[] _bytes = new byte[2 * Block];
    private DirectoryHandle? _directory;
    private FileHandle[] _files = [];
    private int[] _places = [];

    public override Task OpenAsync(int writers, bool shared = false)
    {
        Directory.CreateDirectory(Place);
        Check(_fs.OpenRoot(Place, out _directory));
        _files = new FileHandle[writers];
        _places = new int[writers];
        for (int writer = 0; writer < writers; writer++)
        {
            _files[writer] = Prepare($"raw-{Environment.ProcessId}-{writer}");
        }

        return Task.CompletedTask;
    }

    public override ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        // Six documents of 1 KiB and their record's header take two blocks.
        int bytes = documents == 1 ? Block : 2 * Block;
        Check(_fs.Write(_files[writer], _bytes.AsSpan(0, bytes), (_places[writer] += 2) % Blocks * (long)Block, out _));
        Check(_fs.SyncData(_files[writer]));
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        foreach (FileHandle file in _files)
        {
            file.Dispose();
        }

        _directory?.Dispose();
        return ValueTask.CompletedTask;
    }

    private FileHandle Prepare(string name)
    {
        Check(_fs.CreateFile(_directory!, name, UnixFileMode.UserRead | UnixFileMode.UserWrite, out FileHandle? file));
        byte[] zeros = new byte[Block * Blocks];
        for (int written = 0; written < zeros.Length;)
        {
            Check(_fs.Write(file!, zeros.AsSpan(written), written, out int count));
            written += count;
        }

        Check(_fs.SyncFile(file!));
        return file!;
    }

    private static void Check(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new IOException($"errno {errno}");
        }
    }
}
