using System;
using System.Collections.Generic;
using System.Threading;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>What a process has open.</summary>
internal interface ISimulatedHandle
{
    SimulatedProcess Process { get; }

    string Path { get; }

    Place Place { get; }

    HeldLocks Locks { get; }

    /// <summary>Closes it, as the process's end does too.</summary>
    void Close();
}

/// <summary>The locks that are held through one handle.</summary>
internal sealed class HeldLocks
{
    /// <summary>How the whole is locked; null if it is not.</summary>
    public LockMode? Whole { get; set; }

    /// <summary>How single bytes are locked.</summary>
    public SortedDictionary<long, LockMode> Bytes { get; } = [];

    public void Release()
    {
        Whole = null;
        Bytes.Clear();
    }
}

internal sealed class SimulatedDirectory(SimulatedProcess process, Place place, string path) : DirectoryHandle, ISimulatedHandle
{
    private int _isClosed;

    public override string Path { get; } = path;

    public Place Place { get; } = place;

    public SimulatedProcess Process => process;

    public HeldLocks Locks { get; } = new();

    public DirectoryInode Inode => (DirectoryInode)Place.Inode;

    /// <summary>The failed write-backs on its filesystem, which a sync of the whole tells.</summary>
    public ErrorSequence.Reader Errors { get; } = new(place.Disk.Errors);

    public void Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            Locks.Release();
            process.Remove(this);
        }
    }

    public static SimulatedDirectory Of(DirectoryHandle handle, SimulatedProcess process)
    {
        ArgumentNullException.ThrowIfNull(handle);
        var directory = handle as SimulatedDirectory;
        if (directory is null || !directory.BelongsTo(process))
        {
            throw new ArgumentException("The handle belongs to another filesystem.", nameof(handle));
        }

        ObjectDisposedException.ThrowIf(directory._isClosed == 1 && process.IsAlive, directory);
        return directory;
    }

    protected override void Dispose(bool disposing) => Close();

    private bool BelongsTo(SimulatedProcess other) => process == other;
}

internal sealed class SimulatedFile : FileHandle, ISimulatedHandle
{
    private readonly SimulatedProcess _process;
    private int _isClosed;

    public SimulatedFile(SimulatedProcess process, Place place, string path, bool canWrite)
    {
        _process = process;
        Place = place;
        Path = path;
        CanWrite = canWrite;
        Errors = new ErrorSequence.Reader(place.Inode.Errors);
    }

    public override string Path { get; }

    public Place Place { get; }

    public SimulatedProcess Process => _process;

    public bool CanWrite { get; }

    public HeldLocks Locks { get; } = new();

    /// <summary>The file's failed write-backs, which a sync of it tells.</summary>
    public ErrorSequence.Reader Errors { get; }

    public void Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            Locks.Release();
            _process.Remove(this);
        }
    }

    public static SimulatedFile Of(FileHandle handle, SimulatedProcess process)
    {
        ArgumentNullException.ThrowIfNull(handle);
        if (handle is not SimulatedFile file || file._process != process)
        {
            throw new ArgumentException("The handle belongs to another filesystem.", nameof(handle));
        }

        ObjectDisposedException.ThrowIf(file._isClosed == 1 && process.IsAlive, file);
        return file;
    }

    protected override void Dispose(bool disposing) => Close();
}

internal sealed class SimulatedWords(FileInode file, SimulatedMachine machine, SimulatedProcess process) : SharedWords
{
    public const int Bytes = Words * sizeof(ulong);

    private const int Words = 8;

    private volatile bool _isEnded;

    public override ulong Read(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Words);
        ObjectDisposedException.ThrowIf(_isEnded, this);
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        _ = file.Content.Read(word, index * sizeof(ulong));
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(word);
    }

    /// <summary>Processes run only in turns: a wait is a sleep, in which the others go on.</summary>
    public override void Wait(int index, ulong value, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        if ((uint)Read(index) == (uint)value)
        {
            machine.Sleep(process, timeout);
        }
    }

    public override void Wake(int index) => _ = Read(index);

    protected override void Dispose(bool disposing) => _isEnded = true;
}
