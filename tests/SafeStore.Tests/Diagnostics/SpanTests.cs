using System;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Tests.Diagnostics;

/// <summary>The engine's spans, as OpenTelemetry exports them.</summary>
[Collection(nameof(TelemetryGroup))]
public sealed class SpanTests : IDisposable
{
    private static readonly ActivitySource s_caller = new("Test");

    private readonly TestStore _test = new();
    private readonly Telemetry _telemetry;

    public SpanTests() => _telemetry = new Telemetry(_test.Layout);

    public void Dispose()
    {
        _telemetry.Dispose();
        _test.Dispose();
    }

    [Fact]
    public async Task Locks_commits_and_listings_are_spans_of_their_caller()
    {
        await using StateStore store = await _test.OpenAsync();
        Lsn created = await store.CreateAsync("a");
        using (Activity caller = s_caller.StartActivity("caller")!)
        {
            await using (SandboxLock held = await store.LockAsync("a"))
            {
                Assert.Same(caller, Activity.Current);
                await held.Change().PutText(StoreRoot.Config, null, "x.json", "1").CommitAsync();
            }

            store.ListSandboxes();
            Assert.Same(caller, Activity.Current);
            Assert.All(_telemetry.Spans[2..], span => Assert.Equal(caller.SpanId, span.ParentSpanId));
        }

        Activity[] spans = _telemetry.Spans;
        Assert.Equal(
            ["safestore.lock", "safestore.commit", "safestore.lock", "safestore.commit", "safestore.list"],
            spans.Select(static span => span.OperationName));
        Assert.All(spans, static span => Assert.Equal(ActivityStatusCode.Unset, span.Status));
        Assert.All(spans[..^1], static span => Assert.Equal("a", span.GetTagItem("safestore.sandbox")));
        Assert.Equal(("create", created.Value), (spans[1].GetTagItem("safestore.commit.kind"), spans[1].GetTagItem("safestore.lsn")));
        Assert.Equal(("exclusive", 1), (spans[2].GetTagItem("safestore.lock.mode"), spans[4].GetTagItem("safestore.sandbox.count")));
    }

    [Fact]
    public async Task Several_sandboxes_are_one_span_with_their_number()
    {
        await using StateStore store = await _test.OpenAsync();
        await using (SandboxLocks both = await store.LockManyAsync([SandboxTarget.New("a"), SandboxTarget.New("b")]))
        {
            await both.Change().CommitAsync();
        }

        Assert.Equal(
            [("safestore.lock", 2), ("safestore.commit", 2)],
            _telemetry.Spans.Select(static span => (span.OperationName, (int)span.GetTagItem("safestore.sandbox.count")!)));
        Assert.All(_telemetry.Spans, static span => Assert.Null(span.GetTagItem("safestore.sandbox")));
    }

    [Fact]
    public async Task A_call_that_fails_is_an_error_with_its_code()
    {
        await using StateStore store = await _test.OpenAsync();
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockAsync("a"));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.RemoveSandboxAsync("a"));
        await Assert.ThrowsAsync<NotFoundException>(async () => await store.LockManyAsync([SandboxTarget.Existing("a")]));
        SandboxLock first = await store.LockNewAsync("a");
        await using (await store.LockNewAsync("a2"))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await first.Change().CommitAsync(new(canceled: true)));
        }

        await first.DisposeAsync();

        Assert.Equal(
            [("safestore.lock", "not-found"), ("safestore.lock", "not-found"), ("safestore.lock", "not-found"),
                ("safestore.commit", "System.OperationCanceledException")],
            _telemetry.Spans.Where(static span => span.Status == ActivityStatusCode.Error)
                .Select(static span => (span.OperationName, (string)span.GetTagItem("error.type")!)));
    }

    [Fact]
    public async Task A_store_that_is_only_looked_at_has_spans_too()
    {
        await using (StateStore store = await _test.OpenAsync())
        {
            await store.CreateAsync("a");
        }

        int before = _telemetry.Spans.Length;
        _test.Options = _test.Options with { Opening = StoreOpening.ReadOnly };
        await using StateStore looked = await _test.OpenAsync();
        await looked.SnapshotAsync("a", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("shared", Assert.Single(_telemetry.Spans[before..]).GetTagItem("safestore.lock.mode"));
    }
}
