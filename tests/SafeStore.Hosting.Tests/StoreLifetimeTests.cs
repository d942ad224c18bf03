using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SafeStore.Operations;
using SafeStore.Sandboxes;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Hosting.Tests;

/// <summary>When the stores of a host are open, and how services get them.</summary>
public sealed class StoreLifetimeTests
{
    private readonly SimulatedProcess _process = new SimulatedMachine().Start();

    [Fact]
    public async Task A_store_is_open_before_a_service_starts_and_until_the_last_has_stopped()
    {
        var service = new Recording();
        using IHost host = TestHost.Build(_process, services =>
        {
            services.AddHostedService(provider => service.With(provider.GetRequiredService<HostedStore<StateStore>>()));
            services.AddSafeStore(static store => store.Directory = TestHost.Place);
        });

        await host.StartAsync(TestContext.Current.CancellationToken);
        StateStore store = host.Get<StateStore>();
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["starts: null", "stops: 1"], service.Seen);
        Assert.Throws<ObjectDisposedException>(() => store.IsFaulted);
        using var view = StoreView.Open(store.Layout, _process.StoreOptions);
        Assert.Equal(view.ReadVitals().LastLsn, view.ReadCondition().Watermark);
    }

    [Fact]
    public async Task A_store_that_is_not_open_is_an_error_that_says_when_it_is()
    {
        using IHost host = TestHost.Build(
            _process, static services => services.AddSafeStore(static store => store.Directory = TestHost.Place));

        var before = Assert.Throws<StoreNotOpenException>(host.Get<StateStore>);
        await host.StartAsync(TestContext.Current.CancellationToken);
        Assert.Same(host.Get<StateStore>(), host.Get<HostedStore<StateStore>>().Store);
        await host.StopAsync(TestContext.Current.CancellationToken);
        var after = Assert.Throws<StoreNotOpenException>(() => host.Get<HostedStore<StateStore>>().Store);

        Assert.Equal("not-open", before.Code);
        Assert.Contains("HostedStore<StateStore>", before.Message, StringComparison.Ordinal);
        Assert.Contains("has closed the store", after.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Named_stores_are_services_under_their_names()
    {
        using IHost host = await TestHost.StartAsync(_process, static services =>
        {
            services.AddSafeStore(static store => store.Directory = TestHost.Place);
            services.AddSafeStore(static store => store.Directory = "/images", "images");
            services.AddSandboxStore(static store => (store.Config, store.Run, store.MetadataBeside) = ("/vc", "/run/vc", true), "vc");
        });

        Assert.Equal("/store/config", host.Get<StateStore>().Layout.Config);
        Assert.Equal("/images/config", host.Services.GetRequiredKeyedService<StateStore>("images").Layout.Config);
        Assert.Equal("/vc.safestore", host.Services.GetRequiredKeyedService<SandboxStore>("vc").Store.Layout.ConfigMetadata);
        Assert.Null(host.Services.GetService<SandboxStore>());
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Two_stores_of_one_name_are_refused()
    {
        var services = new ServiceCollection();
        services.AddSafeStore(static store => store.Directory = TestHost.Place);
        services.AddSafeStore(static store => store.Directory = "/images", "images");

        Assert.Throws<InvalidOperationException>(() => services.AddSandboxStore(static store => store.Directory = "/other"));
        var failure = Assert.Throws<InvalidOperationException>(
            () => services.AddSafeStore(static store => store.Directory = "/other", "images"));
        Assert.Contains("'images'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task If_one_store_does_not_open_the_host_does_not_start_and_the_others_are_closed_in_order()
    {
        IHost host = TestHost.Build(_process, static services =>
        {
            services.AddSafeStore(static store => store.Directory = TestHost.Place);
            services.AddSafeStore(static store => (store.Directory, store.Opening) = ("/lost", StoreOpening.MustExist), "lost");
        });

        await Assert.ThrowsAsync<NotFoundException>(() => host.StartAsync(TestContext.Current.CancellationToken));
        StateStore first = host.Get<StateStore>();
        await ((IAsyncDisposable)host).DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => first.IsFaulted);
    }

    [Fact]
    public async Task What_undoes_intents_is_taken_from_the_services()
    {
        var undone = new List<string>();
        using IHost host = await TestHost.StartAsync(_process, services =>
        {
            services.AddKeyedSingleton("vc", UndoHandlers.None.With("netns", (request, _) =>
            {
                undone.Add(request.Sandbox);
                return Task.CompletedTask;
            }));
            services.AddSandboxStore(static store => store.Directory = TestHost.Place, "vc");
        });
        SandboxStore store = host.Services.GetRequiredKeyedService<SandboxStore>("vc");
        await using (ModelLock held = await store.LockNewAsync("sb-1", cancellationToken: TestContext.Current.CancellationToken))
        {
            await held.IntendAsync("netns", "a", TextJson.Default.String, cancellationToken: TestContext.Current.CancellationToken);
        }

        _ = await store.UndoAllAsync(cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(["sb-1"], undone);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Reads the store when it starts, and when it stops.</summary>
    private sealed class Recording : IHostedService
    {
        private HostedStore<StateStore>? _stores;

        public List<string> Seen { get; } = [];

        public Recording With(HostedStore<StateStore> stores)
        {
            _stores = stores;
            return this;
        }

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            Seen.Add($"starts: {_stores!.Store.Text("sb-1") ?? "null"}");
            await _stores.Store.PutAsync("sb-1", "1");
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            Seen.Add($"stops: {_stores!.Store.Text("sb-1")}");
            return Task.CompletedTask;
        }
    }
}
