using System;
using System.Collections.Generic;
using System.ComponentModel.DataAnnotations;
using System.IO;
using System.Threading;

namespace SafeStore.Hosting;

/// <summary>
/// Where a store of the host lies, how it works, and when its health check complains. The names are keys of configuration. All of it is
/// checked when the host starts, and counts until it stops.
/// </summary>
public sealed class HostedStoreOptions : IValidatableObject
{
    private const string ModePattern = "^0?[0-7]{3}$";
    private const string ModeMessage = "{0} must be three octal digits as chmod(1) takes them, 0640 for instance.";

    private static readonly StoreOptions s_defaults = new();

    /// <summary>
    /// The directory with the roots <c>config</c> and <c>run</c>; or name these by <see cref="Config"/> and <see cref="Run"/>.
    /// </summary>
    public string? Directory { get; set; }

    /// <summary>The config root.</summary>
    public string? Config { get; set; }

    /// <summary>The run root; neither inside the config root nor around it.</summary>
    public string? Run { get; set; }

    /// <summary>
    /// Whether the metadata of <see cref="Config"/> and <see cref="Run"/> lies beside them (<see cref="StoreLayout.Beside"/>), as
    /// <see cref="StoreLayout.Kata()"/> has it, and not inside. The default is false.
    /// </summary>
    public bool MetadataBeside { get; set; }

    /// <summary><see cref="StoreOptions.Opening"/>. The default is <see cref="StoreOpening.OpenOrCreate"/>.</summary>
    [EnumDataType(typeof(StoreOpening), ErrorMessage = "{0} must be OpenOrCreate, MustExist or ReadOnly.")]
    public StoreOpening Opening { get; set; } = s_defaults.Opening;

    /// <summary><see cref="StoreOptions.RequireJournal"/>. The default is false.</summary>
    public bool RequireJournal { get; set; } = s_defaults.RequireJournal;

    /// <summary><see cref="StoreOptions.DocumentBytesMax"/>, 1 to 64 MiB. The default is 1 MiB.</summary>
    [Range(1, 64 * 1024 * 1024)]
    public int DocumentBytesMax { get; set; } = s_defaults.DocumentBytesMax;

    /// <summary><see cref="StoreOptions.LockTimeout"/>; a negative millisecond ("-00:00:00.001") for ever. The default is 30 s.</summary>
    public TimeSpan LockTimeout { get; set; } = s_defaults.LockTimeout;

    /// <summary><see cref="StoreOptions.SegmentBytes"/>, a multiple of 4096 from 16 KiB to 1 GiB. The default is 4 MiB.</summary>
    public long SegmentBytes { get; set; } = s_defaults.SegmentBytes;

    /// <summary><see cref="StoreOptions.LogBytesMax"/>. The default is 16 MiB.</summary>
    public long LogBytesMax { get; set; } = s_defaults.LogBytesMax;

    /// <summary><see cref="StoreOptions.CheckpointInterval"/>; a negative millisecond for never. The default is 30 s.</summary>
    public TimeSpan CheckpointInterval { get; set; } = s_defaults.CheckpointInterval;

    /// <summary><see cref="StoreOptions.IdleSandboxesMax"/>, 0 to 10,000. The default is 64.</summary>
    [Range(0, 10_000)]
    public int IdleSandboxesMax { get; set; } = s_defaults.IdleSandboxesMax;

    /// <summary><see cref="StoreOptions.FileMode"/> in octal. The default is 0640.</summary>
    [RegularExpression(ModePattern, ErrorMessage = ModeMessage)]
    public string FileMode { get; set; } = OctalOf(s_defaults.FileMode);

    /// <summary><see cref="StoreOptions.DirectoryMode"/> in octal. The default is 0750.</summary>
    [RegularExpression(ModePattern, ErrorMessage = ModeMessage)]
    public string DirectoryMode { get; set; } = OctalOf(s_defaults.DirectoryMode);

    /// <summary><see cref="StoreOptions.LockFileMode"/> in octal. The default is 0600.</summary>
    [RegularExpression(ModePattern, ErrorMessage = ModeMessage)]
    public string LockFileMode { get; set; } = OctalOf(s_defaults.LockFileMode);

    /// <summary><see cref="StoreOptions.Replacing"/>. The default is <see cref="DocumentReplacing.Exchange"/>.</summary>
    [EnumDataType(typeof(DocumentReplacing), ErrorMessage = "{0} must be Exchange or Rename.")]
    public DocumentReplacing Replacing { get; set; } = s_defaults.Replacing;

    /// <summary><see cref="StoreOptions.CheckStamps"/>. The default is false.</summary>
    public bool CheckStamps { get; set; } = s_defaults.CheckStamps;

    /// <summary><see cref="StoreOptions.AllowRootsWritableByOthers"/>. The default is false.</summary>
    public bool AllowRootsWritableByOthers { get; set; } = s_defaults.AllowRootsWritableByOthers;

    /// <summary>
    /// How long checkpoints may get no further before the health check says so, longer than <see cref="CheckpointInterval"/>. The default
    /// is 5 minutes.
    /// </summary>
    public TimeSpan CheckpointAgeMax { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The directory of the store's backups (docs/backup.md), for the health check; null, the default, for none.</summary>
    public string? Backups { get; set; }

    /// <summary>How old the newest of <see cref="Backups"/> may be. The default is 26 hours, for one a day.</summary>
    public TimeSpan BackupAgeMax { get; set; } = TimeSpan.FromHours(26);

    /// <summary>What the attributes do not say.</summary>
    /// <param name="validationContext">Not used.</param>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string? place = FindFaultOfPlace();
        if (place is not null)
        {
            yield return new ValidationResult(place);
        }

        if (!IsTime(LockTimeout))
        {
            yield return Fault(nameof(LockTimeout), "must be from zero to 24 days, or -00:00:00.001 for ever");
        }

        if (SegmentBytes is < 16 * 1024 or > 1024 * 1024 * 1024 || SegmentBytes % 4096 != 0)
        {
            yield return Fault(nameof(SegmentBytes), "must be a multiple of 4096 from 16384 to 1073741824");
        }

        if (LogBytesMax < 0)
        {
            yield return Fault(nameof(LogBytesMax), "must be 0 or more");
        }

        if (!IsTime(CheckpointInterval) || CheckpointInterval == TimeSpan.Zero)
        {
            yield return Fault(nameof(CheckpointInterval), "must be above zero and at most 24 days, or -00:00:00.001 for never");
        }

        if (CheckpointAgeMax <= TimeSpan.Zero || CheckpointAgeMax <= CheckpointInterval)
        {
            yield return Fault(nameof(CheckpointAgeMax), $"must be longer than {nameof(CheckpointInterval)}");
        }

        if (BackupAgeMax <= TimeSpan.Zero)
        {
            yield return Fault(nameof(BackupAgeMax), "must be above zero");
        }
    }

    /// <summary>Where the store lies.</summary>
    internal StoreLayout ToLayout() =>
        Directory is not null ? StoreLayout.At(Directory)
        : MetadataBeside ? StoreLayout.Beside(Config!, Run!) : StoreLayout.Of(Config!, Run!);

    internal StoreOptions ToStoreOptions() => new()
    {
        Opening = Opening,
        RequireJournal = RequireJournal,
        DocumentBytesMax = DocumentBytesMax,
        LockTimeout = LockTimeout,
        SegmentBytes = SegmentBytes,
        LogBytesMax = LogBytesMax,
        CheckpointInterval = CheckpointInterval,
        IdleSandboxesMax = IdleSandboxesMax,
        FileMode = ModeOf(FileMode),
        DirectoryMode = ModeOf(DirectoryMode),
        LockFileMode = ModeOf(LockFileMode),
        Replacing = Replacing,
        CheckStamps = CheckStamps,
        AllowRootsWritableByOthers = AllowRootsWritableByOthers,
    };

    private static bool IsTime(TimeSpan time) =>
        time == Timeout.InfiniteTimeSpan || (time >= TimeSpan.Zero && time <= TimeSpan.FromDays(24));

    private static ValidationResult Fault(string name, string rule) => new($"{name} {rule}.", [name]);

    private static UnixFileMode ModeOf(string octal) => (UnixFileMode)Convert.ToInt32(octal, 8);

    private static string OctalOf(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    private string? FindFaultOfPlace()
    {
        bool hasRoots = !string.IsNullOrWhiteSpace(Config) && !string.IsNullOrWhiteSpace(Run);
        if (Directory is null ? !hasRoots : string.IsNullOrWhiteSpace(Directory) || Config is not null || Run is not null || MetadataBeside)
        {
            return $"Say where the store lies: either {nameof(Directory)}, or both {nameof(Config)} and {nameof(Run)}, with "
                + $"{nameof(MetadataBeside)} if need be. Is the section of the configuration there?";
        }

        try
        {
            _ = ToLayout();
            return null;
        }
        catch (ArgumentException failure)
        {
            return failure.Message;
        }
    }
}
