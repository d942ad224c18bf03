using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Commit;
using SafeStore.Locking;
using SafeStore.Log;

namespace SafeStore.Operations.Backups;

/// <summary>
/// Copies a store into a tree: fuzzily, sandbox by sandbox, and then rolled forward to one LSN by what the log has of each since it was
/// read.
/// </summary>
/// <remarks>
/// Invariants. A copy shows all that its lock word called published, since the word is read first; what it may show of later transactions
/// the log has whole. The log is read before the copies and after them. While a word says idle, no transaction of its sandbox is in the
/// log that is not published: such a copy shows all of the reading before. If two readings join, the log has all that happened to the
/// sandboxes between them, those included that came or went: where the second ends is the cut. If they do not, a copy serves on if the
/// second reading has all of its sandbox since, or its word is still the same: then nothing of it was published, and what was appended is
/// still in the log. Other copies are made again.
/// </remarks>
internal sealed class BackupRun(
    BackupSource source, BackupTree tree, BackupBase former, BackupOptions options, CancellationToken cancellation)
{
    private const int RoundsMax = 10;

    private readonly Dictionary<string, SandboxCopy> _copies = new(StringComparer.Ordinal);

    /// <summary>Makes the copy.</summary>
    /// <exception cref="NotFoundException">A sandbox that was asked for does not exist.</exception>
    /// <exception cref="BackupException">The log was shortened faster than the store could be copied.</exception>
    public async ValueTask<Copied> RunAsync()
    {
        StoreMoment moment = source.ReadMoment();
        LoggedChanges log = source.ReadLog();
        for (int round = 1; round <= RoundsMax; round++)
        {
            TimeSpan timeout = round == 1 ? options.LockTimeout : TimeSpan.Zero; // waiting again would let the log run away
            List<string> wanted = Wanted(source.ListSandboxes());
            foreach (string sandbox in wanted.Where(each => !_copies.ContainsKey(each)))
            {
                cancellation.ThrowIfCancellationRequested();
                await CopyAsync(sandbox, log.End, timeout).ConfigureAwait(false);
                options.Progress?.Report(new BackupProgress(_copies.Count, wanted.Count));
            }

            LoggedChanges read = source.ReadLog();
            bool isJoined = read.Watermark <= log.End;
            log = isJoined ? read.After(log) : read;
            StoreMoment now = source.ReadMoment();
            if (isJoined && now == moment)
            {
                return Finish(log, moment.IsOpen);
            }

            List<string> stale = now != moment ? [.. _copies.Keys] : FindStale(log);
            moment = now;
            foreach (string sandbox in stale)
            {
                _copies.Remove(sandbox);
                tree.Remove(sandbox);
            }
        }

        throw new BackupException(
            $"Other processes shortened the store's log, or opened the store, during each of {RoundsMax} attempts to copy it. Try again, "
            + "or let the log be longer (StoreOptions.LogBytesMax).");
    }

    private List<string> Wanted(IReadOnlyList<string> existing) =>
        options.Sandboxes is { } chosen ? [.. existing.Where(chosen.Contains)] : [.. existing];

    private async ValueTask CopyAsync(string sandbox, Lsn end, TimeSpan timeout)
    {
        var problems = new ProblemList();
        LockWord word = source.ReadWord(sandbox);
        SandboxImage? image = former.TryTake(sandbox, word, source);
        bool isReused = image is not null;
        if (!isReused && await source.ReadAsync(sandbox, timeout, problems, cancellation).ConfigureAwait(false) is (var read, var found))
        {
            (word, image) = (read, found);
            image.Version = word.State == LockWordState.Unknown ? null : word.Lsn;
        }

        if (image is not null) // else it was removed since it was listed
        {
            tree.Write(image);
            Lsn shown = word.State == LockWordState.Idle ? Lsn.Max(word.Lsn, end) : word.Lsn;
            _copies.Add(sandbox, new SandboxCopy(image, word, shown, problems) { IsReused = isReused });
        }
    }

    /// <summary>Of those that are parked the log has all since.</summary>
    private List<string> FindStale(LoggedChanges log)
    {
        HashSet<string> existing = [.. source.ListSandboxes()];
        return
        [
            .. _copies.Where(each => !log.Parked.ContainsKey(each.Key) && each.Value.Shown < log.Watermark
                && !(existing.Contains(each.Key) && source.ReadWord(each.Key) == each.Value.Word)).Select(static each => each.Key),
        ];
    }

    private Copied Finish(LoggedChanges log, bool isOpen)
    {
        var problems = new ProblemList();
        foreach (string sandbox in log.Sandboxes.Where(each => options.Sandboxes?.Contains(each) != false))
        {
            cancellation.ThrowIfCancellationRequested();
            RollForward(sandbox, log, isOpen);
        }

        if (options.Sandboxes?.FirstOrDefault(each => _copies.GetValueOrDefault(each)?.Image.Exists != true) is { } missing)
        {
            throw new NotFoundException("sandbox", missing);
        }

        SandboxCopy[] copies = [.. _copies.Values.Where(static each => each.Image.Exists)
            .OrderBy(static each => each.Image.Sandbox, StringComparer.Ordinal)];
        foreach (SandboxCopy copy in copies)
        {
            problems.AddAll(copy.Problems.All);
            problems.AddAll(copy.Image.Documents.Values.Select(static each => each.Damage).OfType<StoreProblem>());
            if (log.Parked.ContainsKey(copy.Image.Sandbox))
            {
                problems.Add("parked", $"The sandbox '{copy.Image.Sandbox}' is parked: its last transactions cannot be applied in the "
                    + "store. They are in the backup. The sandbox's next lock tells what is in the way.");
            }
        }

        return new Copied(
            log.End, [.. copies.Select(static each => each.Image.ToManifest())], copies.Count(static each => each.IsReused), problems.All);
    }

    private void RollForward(string sandbox, LoggedChanges log, bool isOpen)
    {
        SandboxCopy copy = _copies.GetValueOrDefault(sandbox)
            ?? new SandboxCopy(SandboxImage.Missing(sandbox, source.Identity), default, default, new ProblemList());
        Lsn from = isOpen && !log.Parked.ContainsKey(sandbox) ? copy.Word.Lsn : default;
        IReadOnlyList<DocumentKey> mended = copy.Image.Mend(log.Of(sandbox).SelectMany(static each => each.Plan.Puts));
        foreach (DocumentKey key in mended)
        {
            copy.Problems.Add(
                "stamp", $"'{BackupTree.PathOf(sandbox, key)}' is damaged in the store. The backup has it whole, from the log.");
        }

        (SandboxPlan Plan, CommitRecord Record)[] changes = [.. log.Of(sandbox).Where(each => each.Record.Lsn > from)];
        foreach ((SandboxPlan plan, CommitRecord record) in changes)
        {
            copy.Image.Apply(plan, record.Segment, record.Lsn, source.PermissionsOfNew);
        }

        if (changes.Length + mended.Count > 0)
        {
            _copies[sandbox] = copy with { IsReused = false };
            tree.Write(copy.Image);
        }
    }
}

/// <summary>A sandbox as it was read.</summary>
/// <param name="Image">What it has.</param>
/// <param name="Word">The lock word, read first.</param>
/// <param name="Shown">It shows all of its transactions up to this LSN that the log does not have.</param>
/// <param name="Problems">What was found.</param>
internal sealed record SandboxCopy(SandboxImage Image, LockWord Word, Lsn Shown, ProblemList Problems)
{
    /// <summary>Whether it was taken from the backup before.</summary>
    public bool IsReused { get; init; }
}

/// <summary>What was copied.</summary>
/// <param name="Cut">All transactions up to this LSN are in it, and no other.</param>
/// <param name="Sandboxes">The sandboxes, sorted.</param>
/// <param name="Reused">How many of them were taken from the backup before.</param>
/// <param name="Problems">What is to be told.</param>
internal sealed record Copied(
    Lsn Cut, IReadOnlyList<ManifestSandbox> Sandboxes, int Reused, IReadOnlyList<StoreProblem> Problems)
{
    /// <summary>Whether a document is there damaged: an older backup may have it whole.</summary>
    public bool HasDamage => Sandboxes.Any(static each => each.Documents.Any(static document => document.Damage is not null));
}
