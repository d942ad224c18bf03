using System;
using System.Buffers.Binary;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Log;

namespace SafeStore.Changes;

/// <summary>
/// The changes of a store that is only looked at: it looks again and again, since a word to sleep on would have to be written, and finishes
/// nothing.
/// </summary>
internal sealed class LookedChanges : IChangeSource, IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private readonly IDurableFileSystem _fs;
    private readonly DirectoryHandle _configMetadata;
    private readonly DirectoryHandle _runMetadata;
    private readonly DirectoryHandle _log;
    private readonly Visibility _visibility;

    /// <param name="options">The store's options.</param>
    /// <param name="config">The config root and its metadata directory; they must stay open.</param>
    /// <param name="run">The run root's.</param>
    /// <exception cref="StorageException">The log cannot be opened.</exception>
    public LookedChanges(
        StoreOptions options, (DirectoryHandle Root, DirectoryHandle Metadata) config, (DirectoryHandle Root, DirectoryHandle Metadata) run)
    {
        _fs = options.FileSystemInUse;
        (Time, _configMetadata, _runMetadata) = (options.TimeProvider, config.Metadata, run.Metadata);
        _visibility = new Visibility(_fs, config.Root, run.Root, run.Metadata);
        StorageException.ThrowIfFailed(
            _fs.OpenDirectory(config.Metadata, LogDirectory.DirectoryName, out DirectoryHandle? log), "open the log", config.Metadata,
            LogDirectory.DirectoryName);
        _log = log!;
        Log = new LogDirectory(_fs, _log, options.SegmentBytes, options.LogBytesMax);
    }

    public LogDirectory Log { get; }

    public TimeProvider Time { get; }

    /// <summary>The words may be of no living process.</summary>
    public Lsn Synced => default;

    public CancellationToken Closing { get; init; }

    public void ThrowIfFaulted()
    {
        if (IsFaulted(_fs, _runMetadata))
        {
            throw new StoreFaultedException("a sync has failed in a process that has it open.");
        }
    }

    public ValueTask<Lsn> FindLastAsync(CancellationToken cancellation) => ValueTask.FromResult(LogFollower.FindLast(Log));

    public bool Shows(string sandbox, Lsn lsn) => _visibility.Shows(sandbox, lsn);

    public ValueTask<Publication> FinishAsync(SandboxPlan plan, Lsn lsn, CancellationToken cancellation)
    {
        bool isParked = new Watermark(_fs, _configMetadata).Read() is { } mark
            && mark.Parked.Any(entry => entry.Sandbox == plan.Sandbox && entry.Last >= lsn);
        return ValueTask.FromResult(isParked ? Publication.HeldUp : Publication.UnderWay);
    }

    public Task NextWake() => Task.Delay(s_pause, Time, Closing);

    public void Dispose() => _log.Dispose();

    /// <summary>As far as the words may be read.</summary>
    public static bool IsFaulted(IDurableFileSystem fs, DirectoryHandle runMetadata)
    {
        Span<byte> status = stackalloc byte[sizeof(ulong)];
        return fs.ReadWhole(runMetadata, SharedState.FileName, status, out int count) == Errno.None
            && count == status.Length && (StoreStatus)BinaryPrimitives.ReadUInt64LittleEndian(status) == StoreStatus.Faulted;
    }
}
