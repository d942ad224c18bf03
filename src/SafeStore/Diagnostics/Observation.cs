using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace SafeStore.Diagnostics;

/// <summary>A call that is measured, traced, or both; its disposal ends it and tells what came of it.</summary>
internal sealed class Observation(
    StoreTelemetry telemetry, Activity? activity, Histogram<double>? duration, KeyValuePair<string, object?> tag) : IDisposable
{
    private readonly long _start = telemetry.GetTimestamp();
    private KeyValuePair<string, object?> _result;
    private Exception? _failure;

    /// <summary>Says more about the call, in its span.</summary>
    public Observation With(string name, string value)
    {
        activity?.SetTag(name, value);
        return this;
    }

    /// <summary>The call has failed.</summary>
    public void Fail(Exception failure) => _failure = failure;

    /// <summary>The call has committed a transaction.</summary>
    public void Committed(Lsn lsn) => _result = new(StoreTelemetry.LsnTag, lsn.Value);

    /// <summary>The call has found sandboxes.</summary>
    public void Found(int sandboxes) => _result = new(StoreTelemetry.SandboxCountTag, sandboxes);

    public void Dispose()
    {
        string? error = _failure is null ? null : CodeOf(_failure);
        if (duration is not null)
        {
            telemetry.Took(duration, _start, tag, error); // before the span's end: a measurement may refer to it
        }

        try
        {
            End(error);
        }
#pragma warning disable CA1031 // a listener's failure is not the store's
        catch (Exception failure)
        {
            telemetry.ListenerFailed(failure);
        }
#pragma warning restore CA1031
    }

    /// <summary>A span has no error's message: that may quote what an undo handler or a parser has read in a document.</summary>
    private void End(string? error)
    {
        if (_result.Key is { } result)
        {
            activity?.SetTag(result, _result.Value);
        }

        if (error is not null)
        {
            activity?.SetStatus(ActivityStatusCode.Error).SetTag(StoreTelemetry.ErrorTag, error);
        }

        activity?.Dispose();
    }

    /// <summary>The library's own code of an error, or the exception's type.</summary>
    private static string CodeOf(Exception failure) => failure is SafeStoreException known ? known.Code : failure.GetType().FullName!;
}

/// <summary>A step that is measured until its disposal; the default measures nothing.</summary>
internal readonly struct Timing(StoreTelemetry? telemetry, Histogram<double> duration, long start) : IDisposable
{
    public void Dispose() => telemetry?.Took(duration, start, default, null);
}
