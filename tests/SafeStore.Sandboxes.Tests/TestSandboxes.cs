using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Time.Testing;
using SafeStore.Tests.FileSystem;

namespace SafeStore.Sandboxes.Tests;

/// <summary>A directory with the seed's layout below it, and sandbox stores on it: several of them act as several processes.</summary>
internal sealed class TestSandboxes : IDisposable
{
    private readonly TempDirectory _temp = new();

    private readonly string? _volatile;

    public TestSandboxes() => Layout = StoreLayout.Kata(_temp.Path);

    /// <summary>With the run root on tmpfs, as /run is.</summary>
    public TestSandboxes(bool isRunVolatile)
        : this()
    {
        if (isRunVolatile)
        {
            _volatile = Path.Combine("/dev/shm", Path.GetFileName(_temp.Path));
            Layout = StoreLayout.Beside(Layout.Config, Path.Combine(_volatile, "sbs"));
        }
    }

    public string Directory => _temp.Path;

    public StoreLayout Layout { get; }

    public FakeTimeProvider Clock { get; } = new();

    public static SandboxModel Model => SandboxModel.Default;

    public StoreOptions Options => new() { TimeProvider = Clock, SegmentBytes = 64 * 1024, CheckpointInterval = Timeout.InfiniteTimeSpan };

    public ValueTask<SandboxStore> OpenAsync(UndoHandlers? undo = null, SandboxModel? model = null, StoreOptions? options = null) =>
        SandboxStore.OpenAsync(
        Layout,
        new SandboxStoreOptions
        {
            Store = options ?? Options,
            Undo = undo ?? UndoHandlers.None,
            Model = model ?? SandboxModel.Default,
        });

    /// <summary>A sandbox's configuration that the seed would take.</summary>
    public static SandboxConfig ConfigOf(string sandbox) => new()
    {
        Id = sandbox,
        HypervisorType = "mock",
        HypervisorConfig = new HypervisorConfig { KernelPath = "/usr/share/kata/vmlinuz", ImagePath = "/usr/share/kata/image" },
    };

    public string ConfigPath(string relative) => Path.Combine(Layout.Config, relative);

    public string RunPath(string relative) => Path.Combine(Layout.Run, relative);

    public void Dispose()
    {
        _temp.Dispose();
        if (_volatile is not null)
        {
            System.IO.Directory.Delete(_volatile, recursive: true);
        }
    }
}
