using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.MutantTests;

/// <summary>A process in which callers that block have taken all threads of the pool, two, and others use a store.</summary>
internal static class BlockedPool
{
    public const string Verb = "blocked-pool";
    public const string WaitsForLock = "lock";
    public const string Commits = "commits";

    /// <summary>What is told of callers that are stuck.</summary>
    public const int Stuck = 3;

    private const int Committers = 4;

    /// <summary>Only a failure takes so long.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <returns>0, or <see cref="Stuck"/>.</returns>
    public static int Run(string scenario, string directory, string mutant)
    {
        using Mutant active = Mutant.Activate(mutant);
        StateStore store = Await(StateStore.OpenAsync(StoreLayout.At(directory)));
        StateStore other = Await(StateStore.OpenAsync(StoreLayout.At(directory)));
        for (int number = 0; number < Committers; number++)
        {
            _ = Await(store.CreateAsync($"sb-{number}", static change => change.Put("n.json", "0")));
        }

        SandboxLock held = Await(other.LockAsync("sb-0"));
        Block();
        bool hasEnded = scenario == WaitsForLock
            ? End(() => WaitInVain(store))
            : End([.. Enumerable.Range(0, Committers).Select(number => (Action)(() => Commit(store, $"sb-{number}", held)))]);
        return hasEnded ? 0 : Stuck;
    }

    private static void WaitInVain(StateStore store)
    {
        try
        {
            _ = Await(store.LockAsync("sb-0", timeout: TimeSpan.FromMilliseconds(50)));
        }
        catch (LockTimeoutException)
        {
            // It is told so.
        }
    }

    private static void Commit(StateStore store, string sandbox, SandboxLock held)
    {
        SandboxLock own = sandbox == "sb-0" ? held : Await(store.LockAsync(sandbox));
        for (int i = 1; i <= 5; i++)
        {
            _ = Await(own.Change().Put("n.json", $"{i}").CommitAsync());
        }
    }

    private static void Block()
    {
        if (!ThreadPool.SetMinThreads(1, 1) || !ThreadPool.SetMaxThreads(2, 2))
        {
            throw new InvalidOperationException("The runtime does not limit its pool; DOTNET_PROCESSOR_COUNT is to be 2.");
        }

        using var begun = new CountdownEvent(2);
        for (int thread = 0; thread < 2; thread++)
        {
            _ = ThreadPool.UnsafeQueueUserWorkItem(
                static begun =>
                {
                    _ = begun.Signal();
                    Thread.Sleep(Timeout.Infinite);
                },
                begun,
                preferLocal: false);
        }

        begun.Wait();
    }

    /// <summary>Runs callers on threads of their own; false if they do not come back.</summary>
    private static bool End(params Action[] callers)
    {
        Thread[] threads = [.. callers.Select(static caller => new Thread(() => caller()) { IsBackground = true })];
        Array.ForEach(threads, static thread => thread.Start());
        return Array.TrueForAll(threads, static thread => thread.Join(s_patience));
    }

    /// <summary>Callers that block are what this is about.</summary>
    private static T Await<T>(ValueTask<T> task) => Await(task.AsTask());

    private static T Await<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
