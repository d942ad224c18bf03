using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Log;
using SafeStore.Roots;

namespace SafeStore.Operations.Locks;

/// <summary>Who holds which lock, by the kernel's tables and, for what they do not tell, by the words of the store.</summary>
internal sealed class LockProcesses(IDurableFileSystem fs, ViewedRoot[] roots, LockSurvey survey)
{
    private readonly byte[] _words = ReadWords(fs, roots[1].Metadata);

    /// <summary>The holders of one of the store's own locks.</summary>
    public IReadOnlyList<LockProcess> OfStore(StoreLock which, int number = 0)
    {
        long at = (long)which + number;
        return roots[0].Metadata is { } metadata && fs.Stat(metadata, StoreDocument.FileName, out FileStatus anchor) == Errno.None
            ? Named(survey.Of(anchor).Where(each => each.IsOfOpenFile && each.Start == at),
                each => each is { IsExclusive: true, ProcessId: 0 } ? ToldOf(at) : each.ProcessId)
            : [];
    }

    /// <summary>Those that wait for one of the store's own locks: only that there is one is known, of two of them.</summary>
    public IReadOnlyList<LockProcess> WaitersOfStore(StoreLock which)
    {
        SharedWord? word = which switch
        {
            StoreLock.Log => SharedWord.LogLockWaiting,
            StoreLock.Sync => SharedWord.SyncLockWaiting,
            _ => null,
        };
        return word is { } asked && Read((int)asked * sizeof(long)) == 1 ? [new LockProcess(null, "", IsExclusive: true)] : [];
    }

    public IReadOnlyList<LockProcess> HoldersOfSandbox(string sandbox) =>
        Named(OnLockFile(sandbox).Where(static each => each is { IsOfOpenFile: false, IsWaiting: false }), static each => each.ProcessId);

    /// <summary>Other programs wait in flock(2), SafeStore behind the byte by which it announces itself.</summary>
    public IReadOnlyList<LockProcess> WaitersOfSandbox(string sandbox) => Named(
        OnLockFile(sandbox).Where(static each => each.IsWaiting || (each.IsOfOpenFile && each.Start == FileLock.AnnouncementOffset)),
        static each => each.ProcessId);

    private static byte[] ReadWords(IDurableFileSystem fs, DirectoryHandle? metadata)
    {
        byte[] words = new byte[LockHolders.Bytes];
        return metadata is not null && fs.ReadWhole(metadata, SharedState.FileName, words, out int count) == Errno.None
            && count == words.Length ? words : new byte[LockHolders.Bytes];
    }

    private IReadOnlyList<SurveyedLock> OnLockFile(string sandbox) => roots[1].Directory is { } run
        && fs.Stat(run, SandboxHandles.LockPathOf(sandbox), out FileStatus file) == Errno.None ? survey.Of(file) : [];

    private LockProcess[] Named(IEnumerable<SurveyedLock> locks, Func<SurveyedLock, int> processOf) =>
    [
        .. locks.Select(each => (Process: processOf(each), each.IsExclusive)).OrderBy(static each => each.Process)
            .Select(each => each.Process == 0 ? new LockProcess(null, "", each.IsExclusive)
                : new LockProcess(each.Process, fs.CommandOf(each.Process), each.IsExclusive)
                {
                    Started = PosixProcess.StartOf(each.Process),
                }),
    ];

    private int ToldOf(long at) => (int)Read((int)LockHolders.PlaceOf(LockRange.Byte(at)));

    private long Read(int offset) => BinaryPrimitives.ReadInt64LittleEndian(_words.AsSpan(offset));
}
