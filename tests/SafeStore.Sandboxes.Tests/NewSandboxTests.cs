using System;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

/// <summary>A document of a program's own.</summary>
public sealed record Settings(string Image);

[JsonSerializable(typeof(Settings))]
internal sealed partial class SettingsJson : JsonSerializerContext;

/// <summary>What a new sandbox may have from the start.</summary>
public sealed class NewSandboxTests : IDisposable
{
    private static readonly DocumentKind<Settings> s_ofSandbox =
        DocumentKind.OfSandbox("settings.json", StoreRoot.Config, SettingsJson.Default.Settings);

    private static readonly DocumentKind<Settings> s_ofContainer =
        DocumentKind.OfContainer("settings.json", StoreRoot.Config, SettingsJson.Default.Settings);

    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Documents_of_a_programs_own_are_there_from_the_start_beside_the_models()
    {
        await using SandboxStore store = await _test.OpenAsync();

        Lsn version = await store.CreateAsync(
            new NewSandbox("sb-1")
            {
                State = new State { Lifecycle = Lifecycle.Ready },
                Containers = [new NewContainer("web").With(s_ofContainer, new Settings("nginx"))],
            }.With(s_ofSandbox, new Settings("first")).With(s_ofSandbox, new Settings("pause")));

        Assert.Equal("pause", store.Read("sb-1", s_ofSandbox)!.Image);
        Assert.Equal("nginx", store.Read("sb-1", "web", s_ofContainer)!.Image);
        Assert.Equal(Lifecycle.Ready, store.ReadStatuses()[0].Lifecycle);
        await using ModelLock held = await store.LockAsync("sb-1");
        Assert.Equal(version, held.Version);
    }

    [Fact]
    public void A_kind_of_the_other_scope_is_refused()
    {
        ArgumentException sandbox =
            Assert.Throws<ArgumentException>(() => new NewSandbox("sb-1").With(s_ofContainer, new Settings("x")));
        ArgumentException container =
            Assert.Throws<ArgumentException>(() => new NewContainer("web").With(s_ofSandbox, new Settings("x")));

        Assert.StartsWith("The document 'settings.json' does not belong to a sandbox", sandbox.Message, StringComparison.Ordinal);
        Assert.StartsWith("The document 'settings.json' does not belong to a container", container.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("mock", true)]
    [InlineData("qemu", false)]
    [InlineData("a runtime's own", false)]
    public async Task A_kernel_and_an_image_are_asked_for_only_where_a_hypervisor_is_named(string hypervisor, bool isTaken)
    {
        await using SandboxStore store = await _test.OpenAsync();
        var sandbox = new NewSandbox("sb-1") { Config = new SandboxConfig { Id = "sb-1", HypervisorType = hypervisor } };

        Exception? failure = await Record.ExceptionAsync(async () => await store.CreateAsync(sandbox));

        Assert.Equal(isTaken, failure is null);
        Assert.Equal(isTaken, store.Store.ListSandboxes().Count == 1);
        Assert.True(failure is null or ArgumentException);
    }
}
