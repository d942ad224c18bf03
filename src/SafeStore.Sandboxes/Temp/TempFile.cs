using System;
using System.Threading;
using SafeStore.FileSystem;

namespace SafeStore.Sandboxes;

/// <summary>When a temp file goes.</summary>
public enum TempFileLifetime
{
    /// <summary>When it is disposed, or its process dies (then whoever locks the sandbox exclusively next removes it), or the sandbox is removed.</summary>
    Owner,

    /// <summary>When the sandbox is removed. For files that outlive the process that made them, a virtual machine's drives for instance; named as the seed names them.</summary>
    Sandbox,
}

/// <summary>A file in a sandbox's run directory that is no document. Dispose it to let it go, if its lifetime is its owner's.</summary>
public sealed class TempFile : IDisposable
{
    private readonly TempFiles _directory;
    private readonly string _sandbox;
    private readonly string _name;
    private FileHandle? _owned;

    internal TempFile(TempFiles directory, string sandbox, string name, string path, FileHandle? owned)
    {
        _directory = directory;
        _sandbox = sandbox;
        _name = name;
        _owned = owned;
        Path = path;
    }

    /// <summary>The file's full path.</summary>
    public string Path { get; }

    /// <summary>Removes the file, if its lifetime is its owner's and it is still there.</summary>
    /// <exception cref="StorageException">The operating system refused to remove it.</exception>
    public void Dispose()
    {
        using FileHandle? owned = Interlocked.Exchange(ref _owned, null);
        if (owned is not null)
        {
            _directory.Remove(_sandbox, _name, owned);
        }
    }
}
