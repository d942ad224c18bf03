using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Diagnostics;

/// <summary>Alone, or the exporter would have the spans of other tests' stores to keep.</summary>
[CollectionDefinition(nameof(TelemetryGroup), DisableParallelization = true)]
public sealed class TelemetryGroup;

/// <summary>The spans of the typed model, with those of the engine in them, as OpenTelemetry exports them.</summary>
[Collection(nameof(TelemetryGroup))]
public sealed class SandboxSpanTests : IDisposable
{
    private const string Secret = "hunter2";

    private readonly TestSandboxes _test = new();
    private readonly List<Activity> _spans = [];
    private readonly TracerProvider _tracers;

    public SandboxSpanTests() =>
        _tracers = Sdk.CreateTracerProviderBuilder().AddSource($"{StateStore.ActivitySourceName}*").AddInMemoryExporter(_spans).Build();

    public void Dispose()
    {
        _tracers.Dispose();
        _test.Dispose();
    }

    [Fact]
    public async Task A_creation_is_a_span_around_its_lock_and_its_commit()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("a"));
        await Assert.ThrowsAsync<AlreadyExistsException>(async () => await store.CreateAsync(new NewSandbox("a")));

        Assert.Equal(
            ["safestore.lock", "safestore.commit", "safestore.sandbox.create", "safestore.lock", "safestore.sandbox.create"],
            _spans.Select(static span => span.OperationName));
        Assert.Equal(_spans[2].SpanId, _spans[0].ParentSpanId);
        Assert.Equal(_spans[2].SpanId, _spans[1].ParentSpanId);
        Assert.Equal(("SafeStore.Sandboxes", ActivityStatusCode.Unset), (_spans[2].Source.Name, _spans[2].Status));
        Assert.Equal((ActivityStatusCode.Error, "exists"), (_spans[4].Status, _spans[4].GetTagItem("error.type")));
        Assert.All(_spans, span =>
        {
            Assert.Equal("a", span.GetTagItem("safestore.sandbox"));
            Assert.Equal(_test.Layout.Config, span.GetTagItem("safestore.store"));
        });
    }

    [Fact]
    public async Task A_list_of_statuses_is_a_span_with_their_number()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(new NewSandbox("a"));
        await store.CreateAsync(new NewSandbox("b"));
        _spans.Clear();

        store.ReadStatuses();

        Assert.Equal(["safestore.list", "safestore.sandbox.list"], _spans.Select(static span => span.OperationName));
        Assert.Equal((2, _spans[1].SpanId), (_spans[1].GetTagItem("safestore.sandbox.count"), _spans[0].ParentSpanId));
    }

    [Fact]
    public async Task Each_undone_intent_is_a_span_and_one_that_fails_is_an_error()
    {
        await using SandboxStore store = await OpenAsync();
        await LeaveAsync(store, "broken", "netns");
        _spans.Clear();

        await Assert.ThrowsAsync<UndoFailedException>(async () => await store.LockAsync("a"));

        Activity[] undone = [.. _spans.Where(static span => span.OperationName == "safestore.sandbox.undo")];
        Assert.Equal(
            [("netns", ActivityStatusCode.Unset, null), ("broken", ActivityStatusCode.Error, "undo-failed")],
            undone.Select(static span =>
                ((string)span.GetTagItem("safestore.intent.kind")!, span.Status, (string?)span.GetTagItem("error.type"))));
        Assert.All(undone, static span => Assert.Equal("a", span.GetTagItem("safestore.sandbox")));
        Assert.Contains(_spans, span => span.OperationName == "safestore.commit" && span.ParentSpanId == undone[0].SpanId);
    }

    [Fact]
    public async Task A_sweep_and_a_removal_are_spans_around_what_they_undo()
    {
        await using SandboxStore store = await OpenAsync();
        await LeaveAsync(store, "netns");
        await using (ModelLock held = await store.LockNewAsync("b"))
        {
            await held.IntendJsonAsync("netns", JsonElement.Parse("null"));
        }

        _spans.Clear();
        await store.UndoAllAsync(TestContext.Current.CancellationToken);
        await store.RemoveSandboxAsync("a");

        Activity sweep = Assert.Single(_spans, static span => span.OperationName == "safestore.sandbox.undo_all");
        Activity removal = Assert.Single(_spans, static span => span.OperationName == "safestore.sandbox.remove");
        Assert.Equal(2, sweep.GetTagItem("safestore.sandbox.count"));
        Assert.Equal(2, _spans.Count(span => span.OperationName == "safestore.sandbox.undo" && span.ParentSpanId == sweep.SpanId));
        Assert.Contains(_spans, span => span.ParentSpanId == removal.SpanId && "remove".Equals(span.GetTagItem("safestore.commit.kind")));
    }

    [Fact]
    public async Task No_payload_and_no_message_of_a_handler_is_in_a_span()
    {
        await using SandboxStore store = await OpenAsync();
        await LeaveAsync(store, "broken");
        await store.UndoAllAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<UndoFailedException>(async () => await store.RemoveSandboxAsync("a"));

        Assert.Contains(_spans, static span => span.Status == ActivityStatusCode.Error);
        Assert.All(_spans, static span =>
        {
            Assert.All(span.TagObjects, static tag => Assert.DoesNotContain(Secret, $"{tag.Value}", StringComparison.Ordinal));
            Assert.Null(span.StatusDescription);
            Assert.Empty(span.Events);
        });
    }

    private static async Task LeaveAsync(SandboxStore store, params string[] kinds)
    {
        await store.CreateAsync(new NewSandbox("a"));
        await using ModelLock held = await store.LockAsync("a");
        foreach (string kind in kinds)
        {
            await held.IntendJsonAsync(kind, JsonElement.Parse($"\"{Secret}\""));
        }
    }

    private ValueTask<SandboxStore> OpenAsync() => _test.OpenAsync(UndoHandlers.None
        .With("netns", static (_, _) => Task.CompletedTask)
        .With("broken", static (request, _) => throw new IOException($"{request.Intent.Payload} is busy")));
}
