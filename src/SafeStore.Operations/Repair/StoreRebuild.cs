using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;
using SafeStore.Commit;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Repair;

/// <summary>
/// Makes the files from which a store opens agree again. What the unbroken chain of the log has above the watermark stays in it, and the
/// next opening recovers it as always. Numbers that were given out are not given out again.
/// </summary>
/// <remarks>
/// Order: copies, then the new segment, then the old segments go, then watermarks, then identities. Each step leaves a store that opens as
/// it is to be, or one that needs no other action than before: so the same repair may be repeated after a death in any step.
/// </remarks>
internal sealed class StoreRebuild(StoreLayout layout, StoreOptions options)
{
    private readonly IDurableFileSystem _fs = options.FileSystemInUse;

    public RepairPlan Run(RepairActions allowed)
    {
        using var owned = new OwnedParts();
        RootSet roots = owned.Add(RootSet.Open(_fs, layout, options));
        DateTimeOffset now = options.TimeProvider.GetUtcNow();
        using var quarantine = new Quarantine(_fs, roots.Config, now);
        using var ofRun = new Quarantine(_fs, roots.Run, now); // nothing can be moved to another filesystem
        PutAsideOdd(roots, quarantine, ofRun);
        StoreAnchor anchor = Lock(roots, owned);
        using ViewedRoot config = ViewedRoot.Open(_fs, layout, StoreRoot.Config);
        using ViewedRoot run = ViewedRoot.Open(_fs, layout, StoreRoot.Run);
        StoreSurvey survey = StoreSurvey.Take(options, [config, run]);
        RepairPlan plan = StoreRepair.PlanOf(options, [config, run], survey);
        StoreRepair.RefuseUnless(plan, allowed);
        Copy(roots, quarantine);
        quarantine.Complete("repair " + string.Join(' ', RepairRefusedException.NamesOf(plan.Needed)),
            survey.Damages.Select(static damage => damage.Message));

        bool isEmpty = survey.Log.Header is null;
        // More numbers may have been given out than anything still knows: at most as many as a segment has records.
        Lsn last = new(survey.Highest.Value + (options.SegmentBytes / RecordFormat.HeaderBytes));
        Lsn mark = isEmpty ? last : survey.Mark;
        RenewLog(roots, survey, last, mark, new StampReader(_fs, [config, run]));
        RenewWatermarks(roots, survey, mark);
        RenewIdentity(roots, survey.Identity);
        GC.KeepAlive(anchor);
        return plan with { Quarantine = quarantine.Directory.Path };
    }

    /// <summary>What is not even a file where one belongs can be in no other process's use.</summary>
    private void PutAsideOdd(RootSet roots, Quarantine ofConfig, Quarantine ofRun)
    {
        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            string[] files = root.Root == StoreRoot.Config
                ? [StoreDocument.FileName, RootDocument.FileName, .. Watermark.FileNames]
                : [SharedState.FileName, RootDocument.FileName, .. Watermark.FileNames];
            foreach (string name in files)
            {
                PutAsideUnless(FileKind.Regular, root, name, root.Root == StoreRoot.Config ? ofConfig : ofRun);
            }
        }

        PutAsideUnless(FileKind.Directory, roots.Config, LogDirectory.DirectoryName, ofConfig);
        if (ofRun.HasFiles)
        {
            ofRun.Complete("repair", []);
        }
    }

    private void PutAsideUnless(FileKind kind, RootDirectory root, string name, Quarantine quarantine)
    {
        Errno errno = _fs.Stat(root.Metadata, name, out FileStatus status);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "look at", root.Metadata, name);
        if (errno == Errno.None && status.Kind != kind)
        {
            string target = $"{NameOf(root.Root)}-moved";
            quarantine.Note(name, target, status.Kind.ToString());
            quarantine.Move(root.Metadata, name, target);
        }
    }

    /// <exception cref="LockTimeoutException">Another process has the store open.</exception>
    private StoreAnchor Lock(RootSet roots, OwnedParts owned)
    {
        DirectoryHandle metadata = roots.Config.Metadata;
        if (_fs.Stat(metadata, StoreDocument.FileName, out _) == Errno.NotFound)
        {
            using ViewedRoot config = ViewedRoot.Open(_fs, layout, StoreRoot.Config);
            using ViewedRoot run = ViewedRoot.Open(_fs, layout, StoreRoot.Run);
            WriteStore(roots, StoreSurvey.Take(options, [config, run]).Identity);
        }

        StorageException.ThrowIfFailed(
            _fs.OpenFile(metadata, StoreDocument.FileName, FileUse.ReadWrite, out FileHandle? file), "open the store's document", metadata,
            StoreDocument.FileName);
        using var files = new OwnedParts();
        files.Add(file!);
        FileHandle words = files.Add(FileLock.OpenOrCreate(_fs, roots.Run.Metadata, SharedState.FileName, LockFiles(roots)));
        SharedState.EnsureLength(_fs, words);
        LockWaiting waiting = owned.Add(new LockWaiting(options.TimeProvider, options.LockTimeout));
        StoreAnchor anchor = owned.Add(new StoreAnchor(_fs, file!, words, waiting));
        files.Disown();
        FileLock open = anchor.LockOf(StoreLock.Open);
        return open.TryAcquire(LockMode.Exclusive) ? anchor : throw open.TimedOut(TimeSpan.Zero, null);
    }

    private void Copy(RootSet roots, Quarantine quarantine)
    {
        foreach (RootDirectory root in roots.InOrderOfRemoval)
        {
            quarantine.Copy(root.Metadata, NameOf(root.Root), static name => !TempName.IsFile(name));
        }

        DirectoryHandle metadata = roots.Config.Metadata;
        foreach (string name in new[] { LogDirectory.DirectoryName, "parked" })
        {
            Errno errno = _fs.OpenDirectory(metadata, name, out DirectoryHandle? directory);
            using (directory)
            {
                StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "open the directory", metadata, name);
                if (directory is not null)
                {
                    quarantine.Copy(directory, $"config/{name}", static file => !LogDirectory.IsSpare(file));
                }
            }
        }
    }

    /// <summary>The chain that is kept goes on in a new segment; what lies behind the break goes.</summary>
    private void RenewLog(RootSet roots, StoreSurvey survey, Lsn last, Lsn mark, StampReader stamps)
    {
        SalvagedLog found = survey.Log;
        using DirectoryHandle handle = RootDirectory.OpenOrMake(
            _fs, roots.Config.Metadata, LogDirectory.DirectoryName, roots.Config.DirectoryPermissions);
        var directory = new LogDirectory(_fs, handle, options.SegmentBytes, options.LogBytesMax)
        {
            Permissions = roots.Config.FilePermissions,
        };
        List<Lsn> others = [.. directory.List().Where(first => !found.Kept.Contains(first) && first != last.Next)];
        if (found.Header is null)
        {
            // Behind the new segment, what never was one would be a break that there was not before.
            directory.Release(directory.Detach(others.Where(first => first > last.Next)));
            _ = others.RemoveAll(first => first > last.Next);
        }

        var newer = new NewerDocuments(survey, new ParkedReader(layout, options, roots).Records, stamps);
        Start(directory, survey, last, mark, [.. newer.Plan(last)]);
        foreach (Lsn first in found.Kept)
        {
            directory.Lengthen(first);
        }

        directory.Release(directory.Detach(others)); // not before: without them, nothing would tell of the loss
        directory.SyncNames();
    }

    private void Start(LogDirectory directory, StoreSurvey survey, Lsn last, Lsn mark, SandboxPlan[] plans)
    {
        SalvagedLog found = survey.Log;
        Span<byte> salt = stackalloc byte[8];
        _fs.FillRandom(salt);
        bool isEmpty = found.Header is null;
        long records = plans.Sum(static plan => RecordFormat.SizeOf(PlanCodec.SizeOf([plan])));
        var header = new SegmentHeader(
            BitConverter.ToUInt64(salt), last.Next, isEmpty ? last : found.End.Next.Previous, isEmpty ? 0 : found.End.Checksum,
            Math.Max(options.SegmentBytes, SegmentHeader.Bytes + RecordFormat.AlignUp(records, RecordFormat.BlockBytes)),
            survey.Identity, mark);
        byte[] bytes = new byte[records];
        LogPosition position = LogPosition.StartOf(header);
        foreach (SandboxPlan plan in plans)
        {
            int payload = PlanCodec.SizeOf([plan]);
            Span<byte> record = bytes.AsSpan((int)(position.Offset - SegmentHeader.Bytes), (int)RecordFormat.SizeOf(payload));
            PlanCodec.Write([plan], record.Slice(RecordFormat.HeaderBytes, payload));
            ulong checksum = RecordFormat.Seal(record, new RecordHeader(header.Salt, position.Next, last, position.Checksum, payload));
            position = new LogPosition(position.Offset + record.Length, position.Next.Next, checksum);
        }

        directory.Start(header, bytes).Dispose();
    }

    /// <summary>
    /// As an opening does it: the run root announces a life, the config root begins it, and the run root confirms it. So the lives are of
    /// one time after each step.
    /// </summary>
    private void RenewWatermarks(RootSet roots, StoreSurvey survey, Lsn mark)
    {
        Span<byte> id = stackalloc byte[16];
        _fs.FillRandom(id);
        var life = new LifeId(survey.LivesMax + 1, new Guid(id));
        Restore(roots.Run, new WatermarkState(mark, survey.Life, life, []));
        Restore(roots.Config, new WatermarkState(mark, life, null, survey.Parked));
        Restore(roots.Run, new WatermarkState(mark, life, null, []));
    }

    private void Restore(RootDirectory root, WatermarkState state)
    {
        var watermark = new Watermark(_fs, root.Metadata);
        if (!IsReadable(watermark))
        {
            Array.ForEach(Watermark.FileNames, name => Remove(root.Metadata, name));
        }

        watermark.Restore(state, root.FilePermissions);
    }

    private static bool IsReadable(Watermark watermark)
    {
        try
        {
            _ = watermark.Read();
            return true;
        }
        catch (LogCorruptException)
        {
            return false;
        }
    }

    private void Remove(DirectoryHandle directory, string name)
    {
        Errno errno = _fs.Unlink(directory, name);
        StorageException.ThrowIfFailed(errno == Errno.NotFound ? Errno.None : errno, "remove", directory, name);
    }

    private void RenewIdentity(RootSet roots, StoreIdentity identity)
    {
        WriteStore(roots, identity);
        foreach (RootDirectory root in roots.InOrderOfAppearance)
        {
            var document = new RootDocument(StoreIdentity.Format, identity.Store, identity.IdentityOf(root.Root), default);
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, MetadataJson.Default.RootDocument);
            new AtomicFile(_fs) { Permissions = root.FilePermissions }.Write(root.Metadata, RootDocument.FileName, json);
            string id = identity.Store.ToString("D", CultureInfo.InvariantCulture);
            _ = _fs.SetAttribute(root.Directory, ".", StoreMetadata.Attribute, Encoding.ASCII.GetBytes(id));
        }
    }

    /// <summary>Leaves a document that is right in its place: its file carries the store's locks.</summary>
    private void WriteStore(RootSet roots, StoreIdentity identity)
    {
        DirectoryHandle metadata = roots.Config.Metadata;
        try
        {
            if (StoreMetadata.ReadStore(_fs, metadata) is { } found && found.Store == identity.Store)
            {
                return;
            }
        }
        catch (StoreMetadataException)
        {
            // It is written anew.
        }

        var document = new StoreDocument(StoreIdentity.Format, identity.Store);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, MetadataJson.Default.StoreDocument);
        new AtomicFile(_fs) { Permissions = LockFiles(roots) }.Write(metadata, StoreDocument.FileName, json);
    }

    private FilePermissions LockFiles(RootSet roots) => roots.Config.FilePermissions with { Mode = options.LockFileMode };

    private static string NameOf(StoreRoot root) => root == StoreRoot.Config ? "config" : "run";
}
