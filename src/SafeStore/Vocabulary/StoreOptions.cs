using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SafeStore.FileSystem;

namespace SafeStore;

/// <summary>
/// How a store works. Processes that share a store may differ in all of it but should agree on <see cref="SegmentBytes"/>.
/// </summary>
public sealed record StoreOptions
{
    /// <summary>What the opening may do. The default is <see cref="StoreOpening.OpenOrCreate"/>.</summary>
    public StoreOpening Opening { get; init; } = StoreOpening.OpenOrCreate;

    /// <summary>
    /// Whether to refuse a root on a filesystem without a journal (ext2, or ext4 without the feature has_journal), whose structure does not
    /// survive every power loss; nothing is made then. The default is false: it is opened with a warning, and
    /// <see cref="StateStore.IsJournaled"/> tells.
    /// </summary>
    public bool RequireJournal { get; init; }

    /// <summary>The largest document in bytes, 1 to 64 MiB. The default is 1 MiB.</summary>
    public int DocumentBytesMax { get; init; } = 1024 * 1024;

    /// <summary>
    /// How long to wait for a lock when the call does not say; <see cref="Timeout.InfiniteTimeSpan"/> for ever. The default is 30 s.
    /// </summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The size of a log segment in bytes, a multiple of 4096 from 16 KiB to 1 GiB. The default is 4 MiB. A larger transaction gets a
    /// segment of its size.
    /// </summary>
    public long SegmentBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// The size in bytes that sealed segments may reach before a checkpoint runs in the background, which leaves the newest of them, up to
    /// half of this size, in the log. The default is 16 MiB; 0 means after each segment.
    /// </summary>
    public long LogBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// How often to checkpoint sealed segments anyway; after an interval without a commit, the current one too, once.
    /// <see cref="Timeout.InfiniteTimeSpan"/> for never. The default is 30 s.
    /// </summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How many sandboxes that are not locked any more keep their files open, to be locked faster again; 0 to 10,000. The default is 64.
    /// </summary>
    public int IdleSandboxesMax { get; init; } = 64;

    /// <summary>
    /// The permission bits of new documents and of the store's own files, set exactly, whatever the umask. The default is 0640.
    /// </summary>
    public UnixFileMode FileMode { get; init; } = AtomicFile.DefaultMode;

    /// <summary>The permission bits of new directories, set exactly, whatever the umask. The default is 0750.</summary>
    public UnixFileMode DirectoryMode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    /// <summary>
    /// Whether a root, its metadata and the log's directory may be writable by their group or by all users, beyond what
    /// <see cref="DirectoryMode"/> says. The default is false: the store is not opened then (<see cref="StoreMetadataException"/>), or, to
    /// be looked at only, with a warning. Such users can put anything in the place of what the store keeps.
    /// </summary>
    public bool AllowRootsWritableByOthers { get; init; }

    /// <summary>
    /// The permission bits of store.json and of the words file, on which the processes of a store meet. The default is 0600, so that a
    /// member of the group cannot hold a lock of the store; a store that several users of a group share needs 0660, which lets any of them
    /// keep the others waiting.
    /// </summary>
    public UnixFileMode LockFileMode { get; init; } = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>How a document that exists is replaced, which is what other programs see that watch it. By exchange unless said.</summary>
    public DocumentReplacing Replacing { get; init; } = DocumentReplacing.Exchange;

    /// <summary>
    /// Whether each read compares the document with its stamp and fails (<see cref="DocumentStampException"/>) if that does not hold;
    /// documents without a stamp are read all the same. It takes about 3 µs. The default is false.
    /// </summary>
    public bool CheckStamps { get; init; }

    /// <summary>
    /// The operating system; tests give another. The default is null: <see cref="PosixFileSystem"/>, once a store is opened. There is none
    /// for other systems than Linux, where SafeStore.Testing's SimulatedStore has one in memory.
    /// </summary>
    public IDurableFileSystem? FileSystem { get; init; }

    /// <summary>The clock of every time-out, pause and interval.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where messages about recovery, checkpoints and failed background work go.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The operating system that is meant.</summary>
    /// <exception cref="PlatformNotSupportedException">None is given, and this system has none.</exception>
    internal IDurableFileSystem FileSystemInUse =>
        FileSystem ?? (OperatingSystem.IsLinux() ? new PosixFileSystem() : throw NoFileSystem());

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(DocumentBytesMax, 1, nameof(DocumentBytesMax));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DocumentBytesMax, 64 * 1024 * 1024, nameof(DocumentBytesMax));
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytes, 16 * 1024, nameof(SegmentBytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SegmentBytes, 1024 * 1024 * 1024, nameof(SegmentBytes));
        ArgumentOutOfRangeException.ThrowIfNegative(LogBytesMax, nameof(LogBytesMax));
        ArgumentOutOfRangeException.ThrowIfNegative(IdleSandboxesMax, nameof(IdleSandboxesMax));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(IdleSandboxesMax, 10_000, nameof(IdleSandboxesMax));
        if (!Enum.IsDefined(Opening))
        {
            throw new ArgumentOutOfRangeException(nameof(Opening), Opening, "There is no such way to open a store.");
        }

        if (Replacing is not (DocumentReplacing.Exchange or DocumentReplacing.Rename))
        {
            throw new ArgumentOutOfRangeException(nameof(Replacing), Replacing, "A document is replaced by exchange or by rename.");
        }

        ArgumentNullException.ThrowIfNull(TimeProvider, nameof(TimeProvider));
        ArgumentNullException.ThrowIfNull(Logger, nameof(Logger));
        CheckTime(LockTimeout, nameof(LockTimeout));
        CheckTime(CheckpointInterval, nameof(CheckpointInterval));
        if (CheckpointInterval == TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(CheckpointInterval), "The interval must be above zero, or infinite.");
        }

        if (SegmentBytes % 4096 != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(SegmentBytes), "The size of a segment must be a multiple of 4096 bytes.");
        }
    }

    internal static PlatformNotSupportedException NoFileSystem() => new(
        $"SafeStore keeps stores on Linux, and this is {RuntimeInformation.OSDescription}. To run and test a program here, open a store "
        + $"on a simulated machine, in memory: SimulatedStore.OpenAsync() in the package SafeStore.Testing, or give "
        + $"{nameof(StoreOptions)}.{nameof(FileSystem)} the filesystem of one of its processes.");

    internal static void CheckTime(TimeSpan time, string parameter)
    {
        // 24 days is what the system's timers take.
        if (time != Timeout.InfiniteTimeSpan && (time < TimeSpan.Zero || time > TimeSpan.FromDays(24)))
        {
            throw new ArgumentOutOfRangeException(parameter, "A time must be from zero to 24 days, or infinite.");
        }
    }
}
