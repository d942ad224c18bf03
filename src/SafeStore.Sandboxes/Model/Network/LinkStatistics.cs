namespace SafeStore.Sandboxes;

/// <summary>The counters of an interface.</summary>
public sealed record LinkStatistics : StoredObject
{
    public ulong RxPackets { get; init; }

    public ulong TxPackets { get; init; }

    public ulong RxBytes { get; init; }

    public ulong TxBytes { get; init; }

    public ulong RxErrors { get; init; }

    public ulong TxErrors { get; init; }

    public ulong RxDropped { get; init; }

    public ulong TxDropped { get; init; }

    public ulong Multicast { get; init; }

    public ulong Collisions { get; init; }

    public ulong RxLengthErrors { get; init; }

    public ulong RxOverErrors { get; init; }

    public ulong RxCrcErrors { get; init; }

    public ulong RxFrameErrors { get; init; }

    public ulong RxFifoErrors { get; init; }

    public ulong RxMissedErrors { get; init; }

    public ulong TxAbortedErrors { get; init; }

    public ulong TxCarrierErrors { get; init; }

    public ulong TxFifoErrors { get; init; }

    public ulong TxHeartbeatErrors { get; init; }

    public ulong TxWindowErrors { get; init; }

    public ulong RxCompressed { get; init; }

    public ulong TxCompressed { get; init; }
}
