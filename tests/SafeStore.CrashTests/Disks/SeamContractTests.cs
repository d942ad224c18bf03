using System;
using System.IO;
using SafeStore.CrashTests.Support;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.CrashTests.Disks;

/// <summary>A disk of a kind for all tests of a class.</summary>
public abstract class DiskFixture : IDisposable
{
    private readonly TempDirectory _images = new();
    private readonly Mount _mount;
    private int _directories;

    private protected DiskFixture(string kind, string? size = null) => _mount = Mount.Of(kind, _images, size);

    public string MakeDirectory() => Directory.CreateDirectory(Path.Combine(_mount.Path, $"test-{++_directories}")).FullName;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        _mount.Dispose();
        _images.Dispose();
    }
}

/// <summary>So large that its blocks have 4 KiB, as those of ordinary disks.</summary>
public sealed class Ext4Disk() : DiskFixture("ext4", "600M");

public sealed class XfsDisk() : DiskFixture("xfs");

public sealed class BtrfsDisk() : DiskFixture("btrfs");

/// <summary>The seam's contract on a disk of a kind.</summary>
public abstract class DiskContract(DiskFixture disk) : KernelContract(new PosixFileSystem(), disk.MakeDirectory());

public sealed class SeamOnExt4Tests(Ext4Disk disk) : DiskContract(disk), IClassFixture<Ext4Disk>;

public sealed class SeamOnXfsTests(XfsDisk disk) : DiskContract(disk), IClassFixture<XfsDisk>;

public sealed class SeamOnBtrfsTests(BtrfsDisk disk) : DiskContract(disk), IClassFixture<BtrfsDisk>;
