using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using Microsoft.Extensions.Logging;
using SafeStore.Cli.Apply;
using SafeStore.Cli.Verify;
using SafeStore.FileSystem;
using SafeStore.Kata;
using SafeStore.Operations;
using SafeStore.Sandboxes;
using Xunit;

namespace SafeStore.Cli.Tests.Security;

/// <summary>Documents hold secrets. What goes into logs, messages and traces holds none of their values.</summary>
public sealed class SecretTests : IDisposable
{
    /// <summary>As it begins, a reader takes it for the literal "true".</summary>
    private const string Secret = "tHunter2-s3cr3t";

    private static readonly string[] s_documents =
    [
        $"{{\"Text\":\"{Secret}", $"{{\"Text\":{Secret}}}", $"\"{Secret}\" 1", $"{{\"Text\":\"{Secret}\",\"Text\":\"{Secret}\"}}", Secret,
        $"{{\"Number\":\"{Secret}\"}}", $"{{\"Id\":\"{Secret}\"}}", $"{{\"Time\":\"{Secret}\"}}", $"{{\"Kind\":\"{Secret}\"}}",
        $"{{\"Text\":[\"{Secret}\"]}}", $"{{\"Text\":\"{Secret}\\ud800\"}}", $"{{\"Text\":\"{Secret}\\q\"}}",
        $"{{\"Version\":\"{Secret}\"}}",
        $"{{\"Version\":1,\"Text\":\"{Secret}\"}}", $"{{\"Text\":\"{Secret}\",}}", $"[\"{Secret}\"]",
        $"{{\"Number\":1e999,\"Text\":\"{Secret}\"}}",
        $"\uFEFF\"{Secret}\"",
    ];

    private readonly HostileTree _tree = new();
    private readonly Telling _told = new();

    public void Dispose()
    {
        _told.Dispose();
        _tree.Dispose();
    }

    [Fact]
    public async Task No_message_log_event_or_span_has_a_value_of_a_document()
    {
        await _tree.MakeAsync();
        StoreOptions options = HostileTree.Options with { Logger = _told };
        foreach (string json in s_documents)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(json);
            await WriteAsync(options, bytes, json);
            await File.WriteAllBytesAsync(_tree.PathOf("store/run/sb-1/state.json"), bytes, TestContext.Current.CancellationToken);
            await ReadAsync(options);
            await _told.CatchAsync(() => ParseLine($$"""{"sandbox":"sb-1","ops":[{"put":"a.json","value":{{json}}}]}"""));
            await _told.CatchAsync(() => ParseLine($$"""{"sandbox":"sb-1","ops":[{{json}}]}"""));
        }

        Assert.True(_told.All.Count > 200, $"{_told.All.Count} messages");
        string[] leaks = [.. _told.All.Where(static each => each.Contains(Secret, StringComparison.OrdinalIgnoreCase)).Distinct()];
        Assert.True(leaks.Length == 0, string.Join("\n\n", leaks));
        Assert.Contains(_told.All, static each => each.StartsWith("span ", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_the_command_line_of_a_lock_s_holder_no_argument_is_told_but_a_path()
    {
        var start = new ProcessStartInfo("sh") { RedirectStandardInput = true };
        Array.ForEach(["-c", "read line", $"--password={Secret}"], start.ArgumentList.Add);
        using Process process = Process.Start(start)!;
        string command = new PosixFileSystem().CommandOf(process.Id);
        process.StandardInput.Close();
        process.WaitForExit();
        Assert.Equal("sh", command);
    }

    private async Task WriteAsync(StoreOptions options, byte[] bytes, string json)
    {
        await using StateStore store = await StateStore.OpenAsync(_tree.Layout, options);
        await _told.CatchAsync(async () =>
        {
            await using SandboxLock held = await store.LockAsync("sb-1");
            await held.Change().PutJson(StoreRoot.Run, null, "state.json", bytes).CommitAsync();
        });
        await _told.CatchAsync(async () =>
        {
            await using SandboxLock held = await store.LockAsync("sb-1");
            SandboxChange change = held.Change();
            change.PutJson(StoreRoot.Run, null, "state.json", JsonSerializer.SerializeToUtf8Bytes(json));
            change.RequireVersion(new DocumentId("sb-1", null, StoreRoot.Run, "state.json"), new Lsn(1));
            await change.CommitAsync();
        });
        await _told.CatchAsync(async () =>
        {
            await using SandboxLock held = await store.LockAsync("sb-1");
            held.Change().Put(s_kind, new Content { Text = $"{Secret}\ud800" });
        });
        await _told.CatchAsync(async () =>
        {
            await using SandboxLock held = await store.LockAsync("sb-1");
            held.Change().PutJson(StoreRoot.Run, null, "state.json", JsonSerializer.SerializeToUtf8Bytes(json)); // and dropped
        });
        using (SandboxLock held = await store.LockAsync("sb-1"))
        {
            SandboxChange change = held.Change();
            change.PutJson(StoreRoot.Run, null, "state.json", JsonSerializer.SerializeToUtf8Bytes(json));
            await change.CommitAsync();
            await _told.CatchAsync(() => Task.Run(async () => await store.LockAsync("sb-1", timeout: TimeSpan.Zero)));
        }
    }

    private async Task ReadAsync(StoreOptions options)
    {
        StoreOptions looking = options with { Opening = StoreOpening.ReadOnly };
        foreach (StoreOptions each in new[] { options, options with { CheckStamps = true }, looking })
        {
            await using StateStore store = await StateStore.OpenAsync(_tree.Layout, each);
            await _told.CatchAsync(() => Task.FromResult(store.ReadJson(new DocumentId("sb-1", null, StoreRoot.Run, "state.json"))));
            await _told.CatchAsync(() => Task.FromResult(store.Read("sb-1", s_kind)));
            await _told.CatchAsync(() => Task.FromResult(store.Read("sb-1", s_upcast)), ownCause: true);
            foreach (DocumentResult<byte[]> result in store.ReadAllJson("sb-1"))
            {
                _told.Add(result.Error?.ToString() ?? "");
            }
        }

        await using (SandboxStore sandboxes =
            await SandboxStore.OpenAsync(_tree.Layout, new SandboxStoreOptions { Store = options }))
        {
            await _told.CatchAsync(async () => await sandboxes.UndoAllAsync());
            await _told.CatchAsync(async () => await (await sandboxes.LockAsync("sb-1")).DisposeAsync());
        }

        using var view = StoreView.Open(_tree.Layout, options);
        _told.Add(string.Join('\n', view.Verify(new VerifyOptions { Model = new KataDocuments() }).Select(static each => each.ToString())));
        _told.Add(string.Join('\n', view.ReadCondition().Problems));
        await _told.CatchAsync(() => Task.FromResult(view.CheckAcceptance(new DocumentId("sb-1", null, StoreRoot.Run, "state.json"))));
        var import = new TreeImport(StoreLayout.At(_tree.PathOf("other")), options);
        await foreach (FileReport report in import.RunAsync(new TreeRoots(_tree.PathOf("store/config"), _tree.PathOf("store/run"))))
        {
            _told.Add(report.ToString());
        }
    }

    private static Task ParseLine(string line)
    {
        _ = TransactionParser.Parse(Encoding.UTF8.GetBytes(line));
        return Task.CompletedTask;
    }

    private static readonly DocumentKind<Content> s_kind =
        DocumentKind.OfSandbox("state.json", StoreRoot.Run, ContentJson.Default.Content);

    private static readonly DocumentKind<Content> s_upcast = s_kind.WithUpcasters(
        "Version", static node => node, static node => new JsonObject { ["Number"] = int.Parse((string)node["Text"]!) });

    /// <summary>All that is told, by exceptions, the log, spans and metrics.</summary>
    private sealed class Telling : ILogger, IDisposable
    {
        private readonly ConcurrentQueue<string> _all = new();
        private readonly ActivityListener _spans = new()
        {
            ShouldListenTo = static source => source.Name.StartsWith("SafeStore", StringComparison.Ordinal),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };

        private readonly MeterListener _metrics = new();

        public Telling()
        {
            _spans.ActivityStopped = span => Add(
                $"span {span.DisplayName} {span.StatusDescription} {string.Join(' ', span.TagObjects)} "
                + string.Join(' ', span.Events.SelectMany(static each => each.Tags)));
            ActivitySource.AddActivityListener(_spans);
            _metrics.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name.StartsWith("SafeStore", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _metrics.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, tags));
            _metrics.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Add(instrument, tags));
            _metrics.Start();
        }

        public ConcurrentQueue<string> All => _all;

        public void Add(string told) => _all.Enqueue(told);

        private void Add(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            Add($"{instrument.Name} {string.Join(' ', tags.ToArray())}");

        public async Task CatchAsync(Func<Task> call, bool ownCause = false)
        {
            try
            {
                await call();
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                Add(ownCause ? failure.Message : failure.ToString()); // what a program's own step throws is its own
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Add($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
            _spans.Dispose();
            _metrics.Dispose();
        }
    }
}

internal enum ContentKind
{
    None,
}

internal sealed class Content
{
    public string? Text { get; set; }

    public int Number { get; set; }

    public Guid Id { get; set; }

    public DateTimeOffset Time { get; set; }

    public ContentKind Kind { get; set; }
}

[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(Content))]
internal sealed partial class ContentJson : JsonSerializerContext;
