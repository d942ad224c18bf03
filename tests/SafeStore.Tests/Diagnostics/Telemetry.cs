using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Xunit;

namespace SafeStore.Tests.Diagnostics;

/// <summary>Alone: meters and sources are the process's, and one of these tests is about having no listener.</summary>
[CollectionDefinition(nameof(TelemetryGroup), DisableParallelization = true)]
public sealed class TelemetryGroup;

/// <summary>What a collector would get of a store: OpenTelemetry with exporters to memory.</summary>
internal sealed class Telemetry : IDisposable
{
    private readonly string _store;
    private readonly List<MetricSnapshot> _metrics = [];
    private readonly List<Activity> _spans = [];
    private readonly MeterProvider _meters;
    private readonly TracerProvider _tracers;

    public Telemetry(StoreLayout layout)
    {
        _store = layout.Config;
        _meters = Sdk.CreateMeterProviderBuilder().AddMeter(StateStore.MeterName).AddInMemoryExporter(_metrics).Build();
        _tracers = Sdk.CreateTracerProviderBuilder().AddSource(StateStore.ActivitySourceName, "Test").AddInMemoryExporter(_spans).Build();
    }

    /// <summary>The spans that have ended, in that order.</summary>
    public Activity[] Spans => [.. _spans.Where(span => _store.Equals(span.GetTagItem("safestore.store")))];

    /// <summary>What there is of a metric, for each set of tags.</summary>
    public Measured[] Of(string metric)
    {
        _metrics.Clear();
        Assert.True(_meters.ForceFlush());
        return
        [
            .. from snapshot in _metrics
               where snapshot.Name == metric
               from point in snapshot.MetricPoints
               let measured = Measured.Of(snapshot.MetricType, point)
               where _store.Equals(measured.Tags["safestore.store"])
               select measured,
        ];
    }

    public void Dispose()
    {
        _meters.Dispose();
        _tracers.Dispose();
    }
}

/// <summary>A point of a metric: of a histogram its count and sum, else one value.</summary>
internal sealed record Measured(long Count, double Sum, IReadOnlyDictionary<string, object?> Tags)
{
    public static Measured Of(MetricType type, MetricPoint point)
    {
        var tags = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (KeyValuePair<string, object?> tag in point.Tags)
        {
            tags.Add(tag.Key, tag.Value);
        }

        return type switch
        {
            MetricType.Histogram => new Measured(point.GetHistogramCount(), point.GetHistogramSum(), tags),
            MetricType.LongGauge => new Measured(1, point.GetGaugeLastValueLong(), tags),
            _ => new Measured(1, point.GetSumLong(), tags),
        };
    }
}
