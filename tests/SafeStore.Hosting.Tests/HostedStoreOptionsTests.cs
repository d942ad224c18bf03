using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Hosting.Tests;

/// <summary>The settings of a store: from configuration, and what is refused.</summary>
public sealed class HostedStoreOptionsTests
{
    private readonly SimulatedProcess _process = new SimulatedMachine().Start();

    [Fact]
    public void What_is_not_set_is_as_in_the_engine()
    {
        var expected = new StoreOptions();

        Assert.Equal(expected, new HostedStoreOptions().ToStoreOptions());
    }

    [Fact]
    public void Every_option_of_the_engine_that_is_a_setting_is_handed_on()
    {
        StoreOptions handed = new HostedStoreOptions
        {
            Opening = StoreOpening.MustExist,
            RequireJournal = true,
            DocumentBytesMax = 1000,
            LockTimeout = TimeSpan.FromSeconds(1),
            SegmentBytes = 65536,
            LogBytesMax = 1,
            CheckpointInterval = TimeSpan.FromSeconds(2),
            IdleSandboxesMax = 3,
            FileMode = "660",
            DirectoryMode = "0770",
            LockFileMode = "0660",
            Replacing = DocumentReplacing.Rename,
            CheckStamps = true,
            AllowRootsWritableByOthers = true,
        }.ToStoreOptions();
        var defaults = new StoreOptions();

        Assert.Equal((UnixFileMode)0b110_110_000, handed.FileMode);
        Assert.Equal(
            [nameof(StoreOptions.FileSystem), nameof(StoreOptions.Logger), nameof(StoreOptions.TimeProvider)], // from the services
            typeof(StoreOptions).GetProperties().Where(each => Equals(each.GetValue(handed), each.GetValue(defaults)))
                .Select(static each => each.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Settings_are_read_from_configuration()
    {
        using IHost host = await StartAsync(
            ("Directory", TestHost.Place), ("LockTimeout", "00:00:05"), ("FileMode", "0600"), ("Replacing", "rename"));
        HostedStoreOptions settings = host.Get<IOptionsMonitor<HostedStoreOptions>>().CurrentValue;

        Assert.Equal(TimeSpan.FromSeconds(5), settings.LockTimeout);
        Assert.Equal("0600", settings.FileMode);
        Assert.Equal(DocumentReplacing.Rename, settings.Replacing);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_key_that_is_no_setting_keeps_the_host_from_starting()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => StartAsync(("Directory", TestHost.Place), ("LockTimout", "00:00:05")));

        Assert.Contains("LockTimout", failure.Message, StringComparison.Ordinal);
        AssertNothingMade();
    }

    [Theory]
    [InlineData("Directory", "")]
    [InlineData("Config", "/config")]
    [InlineData("MetadataBeside", "true")]
    [InlineData("DocumentBytesMax", "0")]
    [InlineData("DocumentBytesMax", "67108865")]
    [InlineData("LockTimeout", "-00:00:01")]
    [InlineData("LockTimeout", "25.00:00:00")]
    [InlineData("SegmentBytes", "4097")]
    [InlineData("SegmentBytes", "0")]
    [InlineData("LogBytesMax", "-1")]
    [InlineData("CheckpointInterval", "0")]
    [InlineData("IdleSandboxesMax", "10001")]
    [InlineData("FileMode", "0888")]
    [InlineData("DirectoryMode", "01777")]
    [InlineData("LockFileMode", "rw")]
    [InlineData("Opening", "7")]
    [InlineData("Replacing", "7")]
    [InlineData("CheckpointAgeMax", "00:00:30")]
    [InlineData("BackupAgeMax", "0")]
    public async Task A_setting_that_is_not_valid_is_named_and_keeps_the_host_from_starting(string key, string value)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(
            () => StartAsync([("Directory", TestHost.Place), (key, value)]));

        Assert.Contains(key, failure.Message, StringComparison.Ordinal);
        AssertNothingMade();
    }

    [Fact]
    public async Task A_section_that_is_not_there_is_told_as_such()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync());

        Assert.Contains("either Directory, or both Config and Run", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once_and_of_which_store()
    {
        ValidateOptionsResult result = new StoreSettingsCheck().Validate(
            "images", new HostedStoreOptions { DocumentBytesMax = 0, LogBytesMax = -1 });

        Assert.Equal(3, result.Failures!.Count());
        Assert.All(result.Failures!, static failure => Assert.StartsWith("Store 'images': ", failure, StringComparison.Ordinal));
    }

    /// <summary>Settings at the edges of what is allowed: the engine takes those that are valid here, and no other.</summary>
    [Fact]
    public async Task The_engine_has_the_same_limits()
    {
        foreach (HostedStoreOptions settings in Edges())
        {
            (settings.Directory, settings.Opening) = (TestHost.Place, StoreOpening.MustExist); // the options are looked at first
            bool isValid = new StoreSettingsCheck().Validate(null, settings).Succeeded;
            Exception failure = await Assert.ThrowsAnyAsync<Exception>(async () => await StateStore.OpenAsync(
                settings.ToLayout(), settings.ToStoreOptions() with { FileSystem = _process.FileSystem },
                TestContext.Current.CancellationToken));

            Assert.True(failure is NotFoundException == isValid, string.Join(
                ", ", typeof(HostedStoreOptions).GetProperties().Select(each => $"{each.Name}={each.GetValue(settings)}")));
        }
    }

    private static IEnumerable<HostedStoreOptions> Edges()
    {
        var longest = TimeSpan.FromDays(24);
        TimeSpan[] times =
            [Timeout.InfiniteTimeSpan, TimeSpan.FromTicks(-1), TimeSpan.Zero, longest, longest + TimeSpan.FromTicks(1)];
        return new[] { 0, 1, 64 << 20, (64 << 20) + 1 }.Select(static value => new HostedStoreOptions { DocumentBytesMax = value })
            .Concat(new[] { -1, 0, 10_000, 10_001 }.Select(static value => new HostedStoreOptions { IdleSandboxesMax = value }))
            .Concat(new long[] { 16 << 10, (16 << 10) + 1, 12 << 10, 1 << 30, (1L << 30) + 4096 }
                .Select(static value => new HostedStoreOptions { SegmentBytes = value }))
            .Concat(new long[] { -1, 0 }.Select(static value => new HostedStoreOptions { LogBytesMax = value }))
            .Concat(times.Select(static value => new HostedStoreOptions { LockTimeout = value }))
            .Concat(times.Select(
                static value => new HostedStoreOptions { CheckpointInterval = value, CheckpointAgeMax = TimeSpan.FromDays(99) }));
    }

    private async Task<IHost> StartAsync(params (string Key, string Value)[] settings) =>
        await TestHost.StartAsync(_process, services => services.AddSafeStore(TestHost.Configuration(settings)));

    private void AssertNothingMade() => Assert.False(_process.FileSystem.Files.Directory.Exists(TestHost.Place));
}
