using SafeStore.FileSystem;
using SafeStore.Testing.Files;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Testing.Tests;

/// <summary>The seam's contract, which the kernel's filesystems pass too, on the simulator.</summary>
public sealed class SimulatedContractTests : DurableFileSystemContract
{
    private readonly SimulatedMachine _machine;

    public SimulatedContractTests()
        : this(new SimulatedMachine())
    {
    }

    private SimulatedContractTests(SimulatedMachine machine)
        : base(WithRoot(machine), "/work") => _machine = machine;

    protected override void PlantSymbolicLink(string path, string target) =>
        Assert.Equal(Errno.None, ((IPathCalls)FileSystem).SymbolicLink(target, RootPath + "/" + path));

    protected override void PlantLink(string path, string existing) =>
        Assert.Equal(Errno.None, ((IPathCalls)FileSystem).Link($"{RootPath}/{existing}", $"{RootPath}/{path}"));

    protected override void PlantBindMount(string path, string source) => _machine.BindMount($"{RootPath}/{source}", $"{RootPath}/{path}");

    private static SimulatedFileSystem WithRoot(SimulatedMachine machine)
    {
        SimulatedFileSystem fs = machine.Start().FileSystem;
        Assert.Equal(Errno.None, ((IPathCalls)fs).MakeDirectory("/work", DirectoryMode750));
        return fs;
    }
}
