using System;
using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests;

/// <summary>Lock, LockOrCreate, Commit and Dispose of the model, for callers that are synchronous.</summary>
public sealed class SynchronousTests : IDisposable
{
    private readonly TestSandboxes _test = new();
    private readonly ConcurrentQueue<string> _undone = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_caller_with_a_context_of_its_own_thread_changes_a_sandbox_and_its_undo_handlers_do_not_wait_for_that_thread()
    {
        var undo = UndoHandlers.None.With("netns", async (request, _) =>
        {
            await Task.Yield();
            _undone.Enqueue(request.Sandbox);
        });
        await using SandboxStore store = await _test.OpenAsync(undo);
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await using (ModelLock left = await store.LockAsync("sb-1"))
        {
            await left.IntendJsonAsync("netns", JsonElement.Parse("null"), TestContext.Current.CancellationToken);
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            var context = new Unserved();
            SynchronizationContext.SetSynchronizationContext(context);
            try
            {
                using (ModelLock held = store.Lock("sb-1"))
                {
                    Assert.Equal(held.Change().Transition(Lifecycle.Ready, Lifecycle.Running).Commit(), held.Version);
                    Assert.Throws<LockAlreadyHeldException>(() => store.LockOrCreate("sb-1"));
                }

                Assert.Same(context, SynchronizationContext.Current);
                done.SetResult();
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        })
        { IsBackground = true };
        thread.Start();
        await done.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal(["sb-1"], _undone);
        Assert.Equal(Lifecycle.Running, store.ReadStatuses()[0].Lifecycle);
    }

    /// <summary>The context of a thread that waits: what is posted to it does not run.</summary>
    private sealed class Unserved : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
