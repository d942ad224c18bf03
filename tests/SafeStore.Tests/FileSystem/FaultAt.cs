using System;
using System.Threading;
using SafeStore.FileSystem;

namespace SafeStore.Tests.FileSystem;

/// <summary>Counts calls and lets the n-th have another outcome; remembers what the log has seen.</summary>
internal sealed class FaultAt(int n, Func<Errno> outcome)
{
    private int _calls;

    public bool Persists { get; init; }

    public FileSystemCall? Hit { get; private set; }

    public override string ToString() => $"a fault {(Persists ? "from" : "at")} call {n}{(Persists ? " on" : "")}";

    public bool HasAppended { get; private set; }

    public bool HasSyncedLog { get; private set; }

    public Errno Before(FileSystemCall call)
    {
        int number = Interlocked.Increment(ref _calls);
        Errno errno = Errno.None;
        if (Persists ? number >= n && call.Verb != nameof(IDurableFileSystem.Unlock) : number == n) // to unlock needs no disk
        {
            Hit ??= call;
            errno = outcome();
        }

        if (errno == Errno.None)
        {
            HasAppended |= call.IsAppend;
            HasSyncedLog |= HasAppended && call.IsSync;
        }

        return errno;
    }
}
