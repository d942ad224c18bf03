using System.Collections.Generic;
using System.IO;
using System.IO.Abstractions.TestingHelpers;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Cli.Demo;
using SafeStore.Sandboxes;
using Xunit;

namespace SafeStore.Cli.Tests;

public sealed class SampleTreeTests
{
    [Fact]
    public async Task A_sample_becomes_one_sandbox_with_the_documents_of_both_roots()
    {
        var files = new MockFileSystem(new Dictionary<string, MockFileData>
        {
            ["/samples/config/sb/config.json"] = new("""{"ID":"sb","HypervisorConfig":{"KernelPath":"/k","ImagePath":"/i"},"a":1}"""),
            ["/samples/config/sb/web/config.json"] = new("""{"ID":"web"}"""),
            ["/samples/run/sb/state.json"] = new("""{"state":"ready","pid":7}"""),
            ["/samples/run/sb/web/state.json"] = new("""{"state":"running"}"""),
        });
        DirectoryInfo place = Directory.CreateTempSubdirectory("safestore-test-");
        try
        {
            await using SandboxStore store = await SandboxStore.OpenAsync(StoreLayout.At(place.FullName));
            Assert.Equal(["sb"], await new SampleTree(files, "/samples").LoadAsync(store));
            Assert.Equal(
                ["config:sb/config.json", "run:sb/state.json", "config:sb/web/config.json", "run:sb/web/state.json"],
                store.Store.ListDocuments("sb").Select(static document => document.ToString()));
            SandboxStatus status = Assert.Single(store.ReadStatuses());
            Assert.Equal((Lifecycle.Ready, 7, 1), (status.Lifecycle, status.State!.Pid, status.Config!.Unknown!["a"].GetInt32()));
            Assert.Equal(Lifecycle.Running, Assert.Single(status.Containers).Lifecycle);
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_missing_sample_is_a_clear_failure()
    {
        DirectoryInfo place = Directory.CreateTempSubdirectory("safestore-test-");
        try
        {
            await using SandboxStore store = await SandboxStore.OpenAsync(StoreLayout.At(place.FullName));
            CommandException failure =
                await Assert.ThrowsAsync<CommandException>(() => new SampleTree(new MockFileSystem(), "/samples").LoadAsync(store));
            Assert.Contains("/samples", failure.Message, System.StringComparison.Ordinal);
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }
}
