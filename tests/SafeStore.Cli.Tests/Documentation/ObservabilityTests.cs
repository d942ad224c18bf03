using System;
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using SafeStore.Documentation;
using SafeStore.Hosting;
using SafeStore.Sandboxes;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>docs/observability.md and its dashboard have the names of the code, and no others.</summary>
public sealed partial class ObservabilityTests
{
    private const string Page = "docs/observability.md";
    private const string Dashboard = "docs/samples/grafana-safestore.json";

    [Fact]
    public async Task The_page_has_every_instrument_with_its_kind_and_unit()
    {
        Instrument[] instruments = await InstrumentsAsync();

        Assert.Equal(
            instruments.Select(static each => (each.Name, KindOf(each), each.Unit!)).Order(),
            Repository.LinesOf(Page).Select(static line => MetricRow().Match(line)).Where(static row => row.Success)
                .Select(static row => (row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value)).Order());
        Assert.All(instruments, static each => Assert.Matches("^[A-Z].*\\.$", each.Description));
    }

    [Fact]
    public async Task The_page_names_every_span_and_tag_and_nothing_else()
    {
        string[] constants =
        [
            .. new[]
            {
                typeof(StateStore).Assembly.GetType("SafeStore.Diagnostics.StoreTelemetry", throwOnError: true)!,
                typeof(SandboxStore).Assembly.GetType("SafeStore.Sandboxes.SandboxTelemetry", throwOnError: true)!,
            }
                .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
                .Where(static field => field.IsLiteral && field.FieldType == typeof(string))
                .Select(static field => (string)field.GetRawConstantValue()!),
        ];
        string[] instruments = [.. (await InstrumentsAsync()).Select(static each => each.Name)];
        string page = string.Join('\n', Repository.LinesOf(Page));

        Assert.True(constants.Length > 15);
        Assert.All(constants, name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
        Assert.All(
            DottedName().Matches(page).Select(static match => match.Groups[1].Value),
            name => Assert.Contains(name, constants.Concat(instruments)));
    }

    [Fact]
    public void The_page_has_every_log_event_with_its_level()
    {
        var events = typeof(StateStore).Assembly.GetTypes().Concat(typeof(HostedStoreOptions).Assembly.GetTypes())
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .Select(static each => (each.EventId, each.Level));

        Assert.Equal(events.Order(), EventsOfPage().Order());
    }

    [Fact]
    public async Task The_dashboard_and_the_alerts_use_every_instrument_by_its_name_in_Prometheus()
    {
        string[] names = [.. (await InstrumentsAsync()).Select(PrometheusName)];
        using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, Dashboard), TestContext.Current.CancellationToken));
        string[] expressions =
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .SelectMany(static panel => panel.GetProperty("targets").EnumerateArray())
                .Select(static target => target.GetProperty("expr").GetString()!),
        ];
        string[] used =
        [
            .. expressions.SelectMany(static expression => MetricOfQuery().Matches(expression))
                .Select(static match => match.Groups[1].Value),
        ];

        Assert.Equal(names.Order(StringComparer.Ordinal), used.Distinct().Order(StringComparer.Ordinal));
        Assert.All(
            Repository.LinesOf(Page).SelectMany(static line => MetricOfQuery().Matches(line)).Select(static match => match.Groups[1].Value),
            name => Assert.Contains(name, names));
    }

    private static async Task<Instrument[]> InstrumentsAsync()
    {
        var instruments = new List<Instrument>();
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        await (await simulated.Store.LockNewAsync("a")).DisposeAsync(); // the first call that can be measured makes them
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == StateStore.MeterName)
                {
                    instruments.Add(instrument);
                }
            },
        };
        listener.Start();
        return [.. instruments];
    }

    private static IEnumerable<(int Event, LogLevel Level)> EventsOfPage() =>
        from line in Repository.LinesOf(Page)
        let row = LevelRow().Match(line)
        where row.Success
        from each in row.Groups[2].Value.Split("; ")
        select (int.Parse(each.Split(' ')[0], CultureInfo.InvariantCulture), Enum.Parse<LogLevel>(row.Groups[1].Value, ignoreCase: true));

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0].ToLowerInvariant();

    /// <summary>As the collector's exporter names it.</summary>
    private static string PrometheusName(Instrument instrument)
    {
        string unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        return instrument.Name.Replace('.', '_') + unit + (KindOf(instrument) == "counter" ? "_total" : "");
    }

    [GeneratedRegex(@"^\| `(safestore\.[a-z._]+)` \| ([a-z]+) \| (s|By|\{[a-z]+\}) \|")]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"`(safestore\.[a-z._]*[a-z])`")]
    private static partial Regex DottedName();

    [GeneratedRegex(@"^\| (debug|information|warning|error|critical) \| (.+) \|$")]
    private static partial Regex LevelRow();

    [GeneratedRegex(@"\b(safestore_[a-z_]+?)(?:_bucket|_sum|_count)?[{\[ ](?!=)")]
    private static partial Regex MetricOfQuery();
}
