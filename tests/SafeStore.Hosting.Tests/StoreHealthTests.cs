using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using SafeStore.FileSystem;
using SafeStore.Hosting.Health;
using SafeStore.Operations;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Hosting.Tests;

/// <summary>What the health check says of a store on a simulated machine.</summary>
public sealed class StoreHealthTests
{
    private readonly SimulatedMachine _machine = new();
    private readonly SimulatedProcess _process;

    public StoreHealthTests() => _process = _machine.Start();

    [Fact]
    public async Task A_store_is_healthy_once_it_is_open()
    {
        using IHost host = Build();
        HealthReportEntry before = await CheckAsync(host);
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.Get<StateStore>().PutAsync("sb-1", "1");
        HealthReportEntry open = await CheckAsync(host);
        await host.StopAsync(TestContext.Current.CancellationToken);

        AssertIs(HealthStatus.Unhealthy, "not-open", before);
        Assert.Equal(HealthStatus.Healthy, open.Status);
        Assert.Equal(0, open.Data["parked"]);
        Assert.True((long)open.Data["log-bytes"] > 0);
        AssertIs(HealthStatus.Unhealthy, "not-open", await CheckAsync(host));
    }

    [Fact]
    public async Task A_faulted_store_is_unhealthy()
    {
        using IHost host = Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        _machine.Faults = new FaultPlan().Add(
            new FaultRule { Operations = [Operation.SyncData], Fault = new CallFails(Errno.InputOutput), Times = int.MaxValue });
        await Assert.ThrowsAnyAsync<SafeStoreException>(() => host.Get<StateStore>().PutAsync("sb-1", "1"));

        AssertIs(HealthStatus.Unhealthy, "faulted", await CheckAsync(host));
    }

    [Fact]
    public async Task A_parked_sandbox_degrades_the_store()
    {
        using IHost host = Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        StateStore store = host.Get<StateStore>();
        await store.PutAsync("sb-1", "1");
        _machine.Faults = new FaultPlan().Add(new FaultRule
        {
            Operations = [Operation.Exchange, Operation.Rename],
            Path = "*/.safestore/scratch*",
            Fault = new CallFails(Errno.Busy),
            Times = int.MaxValue,
        });
        await Assert.ThrowsAsync<CommitNotPublishedException>(() => store.PutAsync("sb-1", "2"));
        _ = await store.CheckpointAsync(TestContext.Current.CancellationToken);

        AssertIs(HealthStatus.Degraded, "parked", await CheckAsync(host));
    }

    [Fact]
    public async Task A_look_touches_no_sandbox_and_lists_no_root()
    {
        using IHost host = Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.Get<StateStore>().PutAsync("sb-1", "1");
        var plan = new FaultPlan();
        foreach (FaultRule rule in (FaultRule[])
        [
            new FaultRule { Path = "*/sb-1*", Fault = new CallFails(Errno.InputOutput), Times = int.MaxValue },
            new FaultRule
            {
                Operations = [Operation.List], Path = "/store/config", Fault = new CallFails(Errno.InputOutput), Times = int.MaxValue,
            },
            new FaultRule
            {
                Operations = [Operation.List], Path = "/store/run", Fault = new CallFails(Errno.InputOutput), Times = int.MaxValue,
            },
        ])
        {
            plan.Add(rule);
        }

        _machine.Faults = plan;

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
        Assert.Equal(0, plan.Count);
    }

    [Fact]
    public async Task A_checkpoint_that_gets_no_further_degrades_the_store()
    {
        using IHost host = Build(static settings => settings.CheckpointInterval = Timeout.InfiniteTimeSpan);
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.Get<StateStore>().PutAsync("sb-1", "1");

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
        _machine.Clock.Advance(TimeSpan.FromMinutes(6));
        AssertIs(HealthStatus.Degraded, "checkpoint-age", await CheckAsync(host));
        _ = await host.Get<StateStore>().CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
    }

    [Fact]
    public async Task A_backup_that_is_missing_or_old_degrades_the_store()
    {
        using IHost host = Build(static settings => settings.Backups = "/backups");
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.Get<StateStore>().PutAsync("sb-1", "1");

        AssertIs(HealthStatus.Degraded, "backup-age", await CheckAsync(host));
        _ = await new BackupDirectory("/backups", _process.StoreOptions).CreateAsync(
            StoreLayout.At(TestHost.Place), cancellationToken: TestContext.Current.CancellationToken);
        _ = await host.Get<StateStore>().CheckpointAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
        _machine.Clock.Advance(TimeSpan.FromHours(27));
        AssertIs(HealthStatus.Degraded, "backup-age", await CheckAsync(host));
    }

    [Fact]
    public async Task A_check_may_be_of_a_named_store_and_say_so_by_its_own_status()
    {
        using IHost host = TestHost.Build(_process, static services =>
        {
            services.AddSafeStore(static store => store.Directory = TestHost.Place, "images");
            services.AddHealthChecks().AddSafeStore("images", "ready");
        });

        HealthReport report = await host.Get<HealthCheckService>().CheckHealthAsync(
            static check => check.Tags.Contains("ready"), TestContext.Current.CancellationToken);

        Assert.Equal(["safestore-images"], report.Entries.Keys);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(24 << 20, null)]
    [InlineData((24 << 20) + 1, HealthStatus.Degraded)]
    [InlineData(32 << 20, HealthStatus.Unhealthy)]
    public void A_long_log_is_told_before_commits_are_refused(long bytes, HealthStatus? expected)
    {
        var signs = new StoreSigns(new HostedStoreOptions(), new StoreVitals(bytes, []), []);

        Assert.Equal(expected, StatusOf(signs.Judge()));
    }

    [Theory]
    [InlineData("space", FindingLevel.Note, HealthStatus.Degraded)]
    [InlineData("inodes", FindingLevel.Problem, HealthStatus.Unhealthy)]
    [InlineData("read-only", FindingLevel.Problem, HealthStatus.Unhealthy)]
    public void What_may_change_of_the_machine_below_is_told(string code, FindingLevel level, HealthStatus? expected)
    {
        var signs = new StoreSigns(
            new HostedStoreOptions(), new StoreVitals(0, []),
            [new DoctorFinding(code, level, "/store", "What.", "Do.")]);

        Assert.Equal(expected, StatusOf(signs.Judge()));
    }

    [Fact]
    public void Commits_that_come_slowly_are_no_checkpoint_that_is_late()
    {
        var age = new CheckpointAge();
        TimeSpan seen = TimeSpan.Zero;
        for (int last = 6; last < 60; last++)
        {
            seen = age.Note(Vitals(watermark: 5, sealedTo: 3, last), _machine.Clock);
            _machine.Clock.Advance(TimeSpan.FromSeconds(20));
        }

        Assert.Equal(TimeSpan.Zero, seen);
    }

    [Fact]
    public void A_watermark_below_sealed_segments_that_stands_still_is_late_also_while_commits_come()
    {
        var age = new CheckpointAge();
        _ = age.Note(Vitals(watermark: 5, sealedTo: 10, last: 20), _machine.Clock);
        _machine.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromSeconds(20), age.Note(Vitals(watermark: 5, sealedTo: 10, last: 30), _machine.Clock));
        Assert.Equal(TimeSpan.Zero, age.Note(Vitals(watermark: 6, sealedTo: 10, last: 40), _machine.Clock));
    }

    private static StoreVitals Vitals(long watermark, long sealedTo, long last) => new(0, [])
    {
        Watermark = new Lsn(watermark),
        SealedLsn = new Lsn(sealedTo),
        LastLsn = new Lsn(last),
    };

    private static HealthStatus? StatusOf(IEnumerable<StoreComplaint> complaints) =>
        complaints.ToArray() is not { Length: > 0 } all ? null
        : all.Any(static each => each.IsSevere) ? HealthStatus.Unhealthy : HealthStatus.Degraded;

    private static async Task<HealthReportEntry> CheckAsync(IHost host) =>
        (await host.Get<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken)).Entries["safestore"];

    private static void AssertIs(HealthStatus status, string code, HealthReportEntry entry)
    {
        Assert.Equal([code], (IEnumerable<string>)entry.Data["codes"]);
        Assert.Equal(status, entry.Status);
        Assert.NotNull(entry.Description);
    }

    private IHost Build(Action<HostedStoreOptions>? configure = null) => TestHost.Build(_process, services =>
    {
        services.AddSafeStore(store =>
        {
            store.Directory = TestHost.Place;
            configure?.Invoke(store);
        });
        services.AddHealthChecks().AddSafeStore();
    });
}
