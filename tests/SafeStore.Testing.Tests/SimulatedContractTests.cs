using SafeStore.FileSystem;
using SafeStore.Testing.Files;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>The seam's contract, which the kernel's filesystems pass too, on the simulator.</summary>
public sealed class SimulatedContractTests : DurableFileSystemContract
{
    public SimulatedContractTests()
        : base(WithRoot(), "/work")
    {
    }

    protected override void PlantSymbolicLink(string path, string target) =>
        Assert.Equal(Errno.None, ((IPathCalls)FileSystem).SymbolicLink(target, RootPath + "/" + path));

    private static SimulatedFileSystem WithRoot()
    {
        SimulatedFileSystem fs = new SimulatedMachine().Start().FileSystem;
        Assert.Equal(Errno.None, ((IPathCalls)fs).MakeDirectory("/work", DirectoryMode750));
        return fs;
    }
}
