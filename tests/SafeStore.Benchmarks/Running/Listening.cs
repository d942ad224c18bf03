using System;
using System.Collections.Generic;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace SafeStore.Benchmarks.Running;

/// <summary>OpenTelemetry listens to every metric and span of SafeStore, aggregates the ones and drops the others when they end.</summary>
internal sealed class Listening : IDisposable
{
    private readonly MeterProvider _meters =
        Sdk.CreateMeterProviderBuilder().AddMeter(StateStore.MeterName).AddInMemoryExporter(new List<Metric>()).Build();

    private readonly TracerProvider _tracers = Sdk.CreateTracerProviderBuilder().AddSource($"{StateStore.ActivitySourceName}*").Build();

    public void Dispose()
    {
        _meters.Dispose();
        _tracers.Dispose();
    }
}
