using SafeStore.FileSystem;

namespace SafeStore.Tests.FileSystem;

/// <summary>The contract where the tests run.</summary>
public abstract class PosixContract : KernelContract
{
    private readonly TempDirectory _directory;

    private protected PosixContract(PosixFileSystem fileSystem, TempDirectory directory)
        : base(fileSystem, directory.Path) => _directory = directory;

    protected sealed override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _directory.Dispose();
    }
}

public sealed class PosixOnDiskTests() : PosixContract(new PosixFileSystem(), new TempDirectory());

public sealed class PosixInSharedMemoryTests() : PosixContract(new PosixFileSystem(), new TempDirectory(TempDirectory.SharedMemory));

public sealed class PosixWithoutOpenat2Tests() : PosixContract(new PosixFileSystem(walk: true), new TempDirectory());
