using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using Microsoft.Win32.SafeHandles;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

/// <summary>What the view has and the host has not.</summary>
public sealed class SimulatedFilesTests
{
    private readonly SimulatedMachine _machine = new(new SimulatedMachineOptions { KeepsTrace = true });
    private readonly IFileSystem _files;

    public SimulatedFilesTests() => _files = _machine.Start().FileSystem.Files;

    public static TheoryData<string, Action<IFileSystem>> UnsupportedMembers => new()
    {
        { "IFile.Encrypt", static files => Call(files.File, "Encrypt") },
        { "IFile.Decrypt", static files => Call(files.File, "Decrypt") },
        { "IFile.OpenHandle", static files => files.File.OpenHandle("/f") },
        { "IFile.GetAttributes(SafeFileHandle)", static files => files.File.GetAttributes(new SafeFileHandle()) },
        { "IFile.SetLastWriteTimeUtc(SafeFileHandle)", static files => files.File.SetLastWriteTimeUtc(new SafeFileHandle(), default) },
        { "IFileStreamFactory.New(SafeFileHandle)", static files => files.FileStream.New(new SafeFileHandle(), FileAccess.Read) },
        { "IFileStreamFactory.Wrap", static files => files.FileStream.Wrap(null!) },
        { "IFileInfoFactory.Wrap", static files => files.FileInfo.Wrap(new FileInfo("/f")) },
        { "IDirectoryInfoFactory.Wrap", static files => files.DirectoryInfo.Wrap(new DirectoryInfo("/f")) },
        { "IDriveInfoFactory.GetDrives", static files => files.DriveInfo.GetDrives() },
        { "IFileSystemWatcherFactory.New", static files => files.FileSystemWatcher.New("/") },
        { "IFileVersionInfoFactory.GetVersionInfo", static files => files.FileVersionInfo.GetVersionInfo("/f") },
        { "IRandomAccess.FlushToDisk", static files => files.RandomAccess.FlushToDisk(new SafeFileHandle()) },
    };

    [Theory]
    [MemberData(nameof(UnsupportedMembers))]
    public void What_is_not_supported_says_so_by_name(string member, Action<IFileSystem> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        NotSupportedException exception = Assert.Throws<NotSupportedException>(() => call(_files));
        Assert.Equal($"SimulatedFiles does not support {member}.", exception.Message);
    }

    [Fact]
    public void Relative_paths_start_at_the_process_s_own_directory()
    {
        Assert.Equal("/", _files.Directory.GetCurrentDirectory());
        _files.Directory.CreateDirectory("a/b");
        _files.Directory.SetCurrentDirectory("a/");
        _files.File.WriteAllText("f", "x");
        Assert.Equal("/a", _files.Directory.GetCurrentDirectory());
        Assert.Equal("/a/f", _files.Path.GetFullPath("f"));
        Assert.Equal("/a/f", _files.FileInfo.New("f").FullName);
        Assert.Equal(["./f"], _files.Directory.GetFiles("."));
        Assert.Equal("f", _files.FileInfo.New("./f").Name);
        Assert.True(_files.File.Exists("/a/f"));

        IFileSystem other = _machine.Start().FileSystem.Files;
        Assert.Equal("/", other.Directory.GetCurrentDirectory());
        Assert.False(other.File.Exists("f"));

        Assert.Throws<DirectoryNotFoundException>(() => _files.Directory.SetCurrentDirectory("missing"));
        Assert.Throws<DirectoryNotFoundException>(() => _files.Directory.SetCurrentDirectory("f"));
        _files.Directory.SetCurrentDirectory("..");
        Assert.Equal("/", _files.Directory.GetCurrentDirectory());
    }

    [Fact]
    public void Only_a_flush_to_the_disk_is_a_sync()
    {
        using FileSystemStream stream = _files.File.Create("/f");
        stream.Write("x"u8);
        stream.Flush();
        stream.Flush(flushToDisk: false);
        Assert.DoesNotContain(_machine.Trace, static call => call.Operation == Operation.SyncFile);
        stream.Flush(flushToDisk: true);
        Assert.Single(_machine.Trace, static call => call.Operation == Operation.SyncFile);
    }

    [Fact]
    public void A_stream_that_writes_through_syncs_each_write()
    {
        using FileSystemStream stream = _files.File.Create("/f", 4096, FileOptions.WriteThrough);
        stream.Write("x"u8);
        stream.WriteByte(1);
        Assert.Equal(2, _machine.Trace.Count(static call => call.Operation == Operation.SyncFile));
    }

    [Fact]
    public void A_failed_sync_is_thrown()
    {
        using FileSystemStream stream = _files.File.Create("/f");
        stream.Write("x"u8);
        _machine.Faults = FaultPlan.Fail(Operation.SyncFile, "/f", Errno.InputOutput);
        Assert.Equal((int)Errno.InputOutput, Assert.Throws<IOException>(() => stream.Flush(flushToDisk: true)).HResult);
    }

    [Fact]
    public void Short_transfers_are_continued()
    {
        _machine.Faults = new FaultPlan().Add(new FaultRule
        {
            Operations = [Operation.Read, Operation.Write],
            Fault = new ShortTransfer(3),
            Times = int.MaxValue,
        });
        byte[] bytes = [.. Enumerable.Range(0, 100).Select(static number => (byte)number)];
        _files.File.WriteAllBytes("/f", bytes);
        Assert.Equal(bytes, _files.File.ReadAllBytes("/f"));
        _files.File.WriteAllText("/g", "longer than three");
        _files.File.Copy("/g", "/h");
        Assert.Equal("longer than three", _files.File.ReadAllText("/h"));
    }

    [Fact]
    public void A_device_that_takes_nothing_is_not_asked_forever()
    {
        FaultRule rule = new() { Operations = [Operation.Write], Fault = new ShortTransfer(0), Times = int.MaxValue };
        _machine.Faults = new FaultPlan().Add(rule);
        Assert.Throws<IOException>(() => _files.File.WriteAllText("/f", "x"));
    }

    [Theory]
    [InlineData(Errno.NoSpace)]
    [InlineData(Errno.InputOutput)]
    [InlineData(Errno.QuotaExceeded)]
    public void Errors_of_the_device_keep_their_number(Errno errno)
    {
        _machine.Faults = FaultPlan.Fail(Operation.Write, "/f", errno);
        Assert.Equal((int)errno, Assert.Throws<IOException>(() => _files.File.WriteAllText("/f", "x")).HResult);
        _machine.Faults = FaultPlan.Fail(Operation.Read, "/f", errno);
        Assert.Equal((int)errno, Assert.Throws<IOException>(() => _files.File.ReadAllText("/f")).HResult);
    }

    [Fact]
    public void Refused_access_is_told_as_such()
    {
        _machine.Faults = FaultPlan.Fail(Operation.CreateFile, "/f", Errno.AccessDenied);
        UnauthorizedAccessException exception = Assert.Throws<UnauthorizedAccessException>(() => _files.File.WriteAllText("/f", "x"));
        Assert.Equal((int)Errno.AccessDenied, exception.InnerException!.HResult);
    }

    [Fact]
    public void A_filesystem_without_locks_is_no_reason_not_to_open_a_file()
    {
        _machine.Faults = FaultPlan.Fail(Operation.TryLock, "/f", Errno.NotSupported);
        _files.File.WriteAllText("/f", "x");
        Assert.Equal("x", _files.File.ReadAllText("/f"));
    }

    [Fact]
    public void A_full_disk_leaves_no_preallocated_file()
    {
        IFileSystem small = new SimulatedMachine(new SimulatedMachineOptions { BytesMax = 64 * 1024 }).Start().FileSystem.Files;
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = 1 << 20 };
        Assert.Throws<IOException>(() => small.File.Open("/f", options));
        Assert.False(small.File.Exists("/f"));
    }

    [Fact]
    public void A_move_to_another_filesystem_is_a_copy()
    {
        SimulatedMachineOptions options = new() { Mounts = [new SimulatedMount("/mnt", PersistenceProfile.Xfs)] };
        IFileSystem files = new SimulatedMachine(options).Start().FileSystem.Files;
        files.File.WriteAllText("/f", "x");
        files.File.Move("/f", "/mnt/f");
        files.File.Move("/mnt/f", "/g", overwrite: true);
        Assert.Equal("x", files.File.ReadAllText("/g"));
        Assert.Equal(["/g"], files.Directory.GetFiles("/", "*", SearchOption.AllDirectories));
        files.Directory.CreateDirectory("/a");
        Assert.Equal((int)Errno.CrossDevice, Assert.Throws<IOException>(() => files.Directory.Move("/a", "/mnt/a")).HResult);
    }

    [Fact]
    public void What_a_stream_has_written_outlives_the_process_without_any_flush()
    {
        SimulatedProcess process = _machine.Start();
        FileSystemStream stream = process.FileSystem.Files.File.Create("/f");
        stream.Write("x"u8);
        process.Kill();
        Assert.Throws<SimulatedCrashException>(() => stream.Write("y"u8));
        stream.Dispose();
        Assert.Equal("x", _files.File.ReadAllText("/f"));
    }

    [Fact]
    public void A_killed_process_runs_no_cleanup()
    {
        SimulatedProcess process = _machine.Start("victim");
        IDirectory directory = process.FileSystem.Files.Directory;
        directory.CreateDirectory("/a/b");
        FaultRule rule = new() { Operations = [Operation.RemoveDirectory], Skip = 1, Fault = new ProcessKilled() };
        _machine.Faults = new FaultPlan().Add(rule);
        Assert.Throws<SimulatedCrashException>(() => directory.Delete("/a", recursive: true));
        Assert.True(_files.Directory.Exists("/a/b"));
    }

    [Fact]
    public void Names_and_calls_follow_from_the_seed()
    {
        Assert.Equal(Run(3), Run(3));
        Assert.NotEqual(Run(3), Run(4));

        static List<string> Run(ulong seed)
        {
            SimulatedMachine machine = new(new SimulatedMachineOptions { Seed = seed, KeepsTrace = true });
            IFileSystem files = machine.Start().FileSystem.Files;
            string directory = files.Directory.CreateTempSubdirectory("x").FullName;
            files.File.WriteAllText(files.Path.Combine(directory, files.Path.GetRandomFileName()), "text");
            files.Directory.Delete(files.Path.GetTempPath(), recursive: true);
            return [.. machine.Trace.Select(static call => call.ToString())];
        }
    }

    private static void Call(IFile file, string member)
    {
#pragma warning disable CA1416 // That they are not supported here is what is tested.
        Action<string> call = member == "Encrypt" ? file.Encrypt : file.Decrypt;
#pragma warning restore CA1416
        call("/f");
    }
}
