using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading;

namespace SafeStore.Diagnostics;

/// <summary>
/// What an open store measures and traces: all instruments and spans of the engine, by the names of docs/observability.md. Without a
/// listener a call looks at two flags: it reads no clock and allocates nothing. A listener that throws changes nothing for the store.
/// </summary>
/// <remarks>
/// One meter and one source for the process, static, as the class library advises where there is no container of services: they hold
/// nothing but their listeners. What tells two stores apart is a tag, which needs no option, and works for spans too. A factory of
/// meters in the options would do it for metrics only.
/// </remarks>
/// <param name="store">The path of the store's config root: the tag that all measurements and spans have.</param>
/// <param name="options">It gives the clock and the log.</param>
internal sealed class StoreTelemetry(string store, StoreOptions options)
{
    public const string Name = "SafeStore";
    public const string LockSpan = "safestore.lock";
    public const string CommitSpan = "safestore.commit";
    public const string ListSpan = "safestore.list";
    public const string StoreTag = "safestore.store";
    public const string SandboxTag = "safestore.sandbox";
    public const string SandboxCountTag = "safestore.sandbox.count";
    public const string LsnTag = "safestore.lsn";
    public const string ErrorTag = "error.type";
    private const string LockModeTag = "safestore.lock.mode";
    private const string CommitKindTag = "safestore.commit.kind";
    private const string RecoveryTag = "safestore.recovery.at";

    private static readonly string? s_version = typeof(StoreTelemetry).Assembly.GetName().Version?.ToString(3);
    private static readonly ActivitySource s_source = new(Name, s_version);
    private static readonly Meter s_meter = new(Name, s_version);

    /// <summary>In seconds: from a commit on volatile roots to one that waits for a slow disk.</summary>
    private static readonly InstrumentAdvice<double> s_seconds = new()
    {
        HistogramBucketBoundaries =
        [
            0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
        ],
    };

    private static readonly Histogram<double> s_commit =
        Duration("safestore.commit.duration", "Time of a transaction, from the call until it is durable and visible.");

    private static readonly Histogram<double> s_lockWait =
        Duration("safestore.lock.wait.duration", "Time of taking sandbox locks, with what had to be finished or undone first.");

    private static readonly Histogram<double> s_stage =
        Duration("safestore.stage.duration", "Time of staging one sandbox of a transaction.");

    private static readonly Histogram<double> s_sync =
        Duration("safestore.log.sync.duration", "Time until a batch in the log is durable, by a sync of this process or another.");

    private static readonly Histogram<double> s_publish =
        Duration("safestore.publish.duration", "Time of publishing a transaction, with its lock words.");

    private static readonly Histogram<double> s_checkpoint =
        Duration("safestore.checkpoint.duration", "Time of a checkpoint that moved the watermark.");

    private static readonly Histogram<long> s_batch = s_meter.CreateHistogram(
        "safestore.commit.batch.size", "{transaction}", "Transactions that shared one write to the log.", null,
        new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] });

    private static readonly Gauge<long> s_logSize =
        s_meter.CreateGauge<long>("safestore.log.size", "By", "Size of the log's segments, as this process has measured it last.");

    private static readonly Counter<long> s_recovered = s_meter.CreateCounter<long>(
        "safestore.recovered.transactions", "{transaction}", "Transactions of earlier processes that were applied from the log.");

    private static readonly Counter<long> s_faults =
        s_meter.CreateCounter<long>("safestore.faults", "{fault}", "Failures that faulted the store, in this process.");

    private readonly TimeProvider _time = options.TimeProvider;
    private int _hasListenerFailed;

    /// <summary>Whether a commit is to be told.</summary>
    public static bool ObservesCommits => s_commit.Enabled || s_source.HasListeners();

    /// <summary>Begins to take locks; null without a listener.</summary>
    /// <param name="sandbox">The sandbox; null for several.</param>
    /// <param name="sandboxes">How many.</param>
    /// <param name="mode">How.</param>
    public Observation? Lock(string? sandbox, int sandboxes, LockMode mode) =>
        Observe(LockSpan, s_lockWait, new(LockModeTag, mode == LockMode.Shared ? "shared" : "exclusive"), sandbox, sandboxes);

    /// <summary>Begins a commit; null without a listener.</summary>
    /// <param name="sandbox">The sandbox; null for several.</param>
    /// <param name="sandboxes">How many.</param>
    /// <param name="kind">What becomes of them.</param>
    public Observation? Commit(string? sandbox, int sandboxes, string kind) =>
        Observe(CommitSpan, s_commit, new(CommitKindTag, kind), sandbox, sandboxes);

    /// <summary>Begins to list sandboxes; null without a listener.</summary>
    public Observation? List() => Trace(s_source, ListSpan, null);

    /// <summary>Begins a call that is not measured; null without a listener.</summary>
    /// <param name="source">Whose span it is.</param>
    /// <param name="span">Its name.</param>
    /// <param name="sandbox">The sandbox; null for all.</param>
    public Observation? Trace(ActivitySource source, string span, string? sandbox) =>
        Start(source, span, sandbox) is { } activity ? new Observation(this, activity, null, default) : null;

    public Timing Stage() => Time(s_stage);

    public Timing SyncLog() => Time(s_sync);

    public Timing Publish() => Time(s_publish);

    /// <summary>A batch was written to the log.</summary>
    public void Appended(int transactions, long logBytes)
    {
        if (transactions > 0)
        {
            Tell(s_batch, (long)transactions, default, static (batch, value, tags) => batch.Record(value, tags));
        }

        LogMeasured(logBytes);
    }

    public void CheckpointDone(TimeSpan taken, long logBytes)
    {
        Tell(s_checkpoint, taken.TotalSeconds, default, static (checkpoint, value, tags) => checkpoint.Record(value, tags));
        LogMeasured(logBytes);
    }

    public void RecoveredAtOpen(int transactions) => Recovered(transactions, "open");

    public void RecoveredAtLock(int transactions) => Recovered(transactions, "lock");

    public void Faulted() => Tell(s_faults, 1L, default, static (faults, value, tags) => faults.Add(value, tags));

    public long GetTimestamp() => _time.GetTimestamp();

    /// <summary>The end of what began at a timestamp.</summary>
    public void Took(Histogram<double> duration, long start, KeyValuePair<string, object?> tag, string? error) =>
        Tell(
            duration, _time.GetElapsedTime(start).TotalSeconds, tag, static (duration, value, tags) => duration.Record(value, tags), error);

    /// <summary>Logged once: a listener that fails does so with each measurement.</summary>
    public void ListenerFailed(Exception failure)
    {
        if (Interlocked.Exchange(ref _hasListenerFailed, 1) == 0)
        {
            EngineEvents.LogListenerFailed(options.Logger, failure);
        }
    }

    private void LogMeasured(long bytes) => Tell(s_logSize, bytes, default, static (size, value, tags) => size.Record(value, tags));

    private void Recovered(int transactions, string place)
    {
        if (transactions > 0)
        {
            Tell(
                s_recovered, (long)transactions, new(RecoveryTag, place), static (recovered, value, tags) => recovered.Add(value, tags));
        }
    }

    private Timing Time(Histogram<double> duration) => duration.Enabled ? new Timing(this, duration, GetTimestamp()) : default;

    private Observation? Observe(
        string span, Histogram<double> duration, KeyValuePair<string, object?> tag, string? sandbox, int sandboxes)
    {
        Activity? activity = Start(s_source, span, sandbox)?.SetTag(tag.Key, tag.Value);
        if (sandbox is null)
        {
            activity?.SetTag(SandboxCountTag, sandboxes);
        }

        return activity is null && !duration.Enabled ? null : new Observation(this, activity, duration, tag);
    }

    private Activity? Start(ActivitySource source, string span, string? sandbox)
    {
        if (!source.HasListeners())
        {
            return null;
        }

        try
        {
            Activity? activity = source.StartActivity(span)?.SetTag(StoreTag, store);
            return sandbox is null ? activity : activity?.SetTag(SandboxTag, sandbox);
        }
#pragma warning disable CA1031 // a listener's failure is not the store's
        catch (Exception failure)
        {
            ListenerFailed(failure);
            return null;
        }
#pragma warning restore CA1031
    }

    /// <summary>Tells a measurement, with the store's tag.</summary>
    private void Tell<TInstrument, TValue>(
        TInstrument instrument, TValue value, KeyValuePair<string, object?> tag, Action<TInstrument, TValue, TagList> tell,
        string? error = null)
        where TInstrument : Instrument
    {
        if (!instrument.Enabled)
        {
            return;
        }

        var tags = new TagList { { StoreTag, store } };
        if (tag.Key is not null)
        {
            tags.Add(tag);
        }

        if (error is not null)
        {
            tags.Add(ErrorTag, error);
        }

        try
        {
            tell(instrument, value, tags);
        }
#pragma warning disable CA1031 // a listener's failure is not the store's
        catch (Exception failure)
        {
            ListenerFailed(failure);
        }
#pragma warning restore CA1031
    }

    private static Histogram<double> Duration(string name, string description) =>
        s_meter.CreateHistogram(name, "s", description, null, s_seconds);
}
