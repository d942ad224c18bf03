using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.PropertyTests.Simulation;

/// <summary>A read or write of one document, from its call to its return; without a return if its process died in it.</summary>
internal sealed class Operated(string what, bool isWrite, int called)
{
    public bool IsWrite => isWrite;

    public int Called => called;

    public int Returned { get; private set; } = int.MaxValue;

    public int Value { get; set; }

    public Lsn Lsn { get; private set; }

    public bool IsPending => Returned == int.MaxValue;

    public void Return(int time, int value, Lsn lsn = default) => (Returned, Value, Lsn) = (time, value, lsn);

    public override string ToString() =>
        $"[{called}..{(IsPending ? "" : Returned)}] {what} {(isWrite ? "writes" : "reads")} {Value}{(Lsn.Value > 0 ? $" as {Lsn}" : "")}";
}

/// <summary>
/// What several processes did to one document. Linearizable if there is an order, in agreement with real time and with the LSNs, in which
/// each read gives what the write before it wrote; what its process died in may have happened or not (Wing and Gong, 1993).
/// </summary>
internal sealed class History
{
    private readonly List<Operated> _operations = [];
    private readonly HashSet<(ulong Done, int Value, long Lsn)> _hopeless = [];
    private int _time;

    public IEnumerable<Operated> Writes => _operations.Where(static operation => operation.IsWrite);

    public int Now() => ++_time;

    public Operated Call(string what, bool isWrite)
    {
        var operation = new Operated(what, isWrite, Now());
        _operations.Add(operation);
        return operation;
    }

    /// <summary>It was refused, so it has no part in the history.</summary>
    public void Withdraw(Operated operation) => _operations.Remove(operation);

    public void Check(int initial)
    {
        _operations.RemoveAll(static operation => operation.IsPending && !operation.IsWrite);
        if (_operations.Count > 64)
        {
            throw new InvalidOperationException("The history is too long.");
        }

        _hopeless.Clear();
        if (!CanOrder(0, initial, default))
        {
            throw new InvalidOperationException($"no order explains this, from {initial}:\n{string.Join('\n', _operations)}");
        }
    }

    private bool CanOrder(ulong done, int value, Lsn last)
    {
        int deadline = int.MaxValue;
        bool isDone = true;
        for (int i = 0; i < _operations.Count; i++)
        {
            if ((done & (1UL << i)) == 0 && !_operations[i].IsPending)
            {
                isDone = false;
                deadline = Math.Min(deadline, _operations[i].Returned);
            }
        }

        if (isDone)
        {
            return true;
        }

        if (!_hopeless.Add((done, value, last.Value)))
        {
            return false;
        }

        for (int i = 0; i < _operations.Count; i++)
        {
            Operated next = _operations[i];
            if ((done & (1UL << i)) != 0 || next.Called > deadline
                || (next.IsWrite ? next.Lsn.Value > 0 && next.Lsn <= last : next.Value != value))
            {
                continue;
            }

            if (CanOrder(done | (1UL << i), next.Value, Lsn.Max(next.Lsn, last)))
            {
                return true;
            }
        }

        return false;
    }
}
