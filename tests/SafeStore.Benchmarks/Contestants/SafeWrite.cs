using System.IO;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>The usual safe write, document by document: temp file, fsync, rename, fsync of the directory. No transaction.</summary>
internal sealed class SafeWrite(string place) : Contestant(place)
{
    private readonly PosixFileSystem _fs = new();
    private readonly AtomicFile _atomic = new(new PosixFileSystem());
    private DirectoryHandle? _directory;

    public override Task OpenAsync(int writers, bool shared = false)
    {
        Directory.CreateDirectory(Place);
        return _fs.OpenRoot(Place, out _directory) == Errno.None ? Task.CompletedTask : throw new IOException(Place);
    }

    public override ValueTask CommitAsync(int writer, string sandbox, bool isNew, int documents, int number)
    {
        string directory = PathOf(sandbox);
        if (isNew)
        {
            Directory.CreateDirectory(directory);
            if (_fs.SyncDirectory(_directory!) != Errno.None)
            {
                throw new IOException(Place);
            }
        }

        for (int document = 0; document < documents; document++)
        {
            _atomic.Write(Path.Join(directory, Names.Document(document)), SampleDocument.Make(number));
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _directory?.Dispose();
        return ValueTask.CompletedTask;
    }
}
