using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using SafeStore.FileSystem;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>
/// A machine in memory: filesystems that know what is durable, processes with handles and locks, a clock that stands still, faults by plan,
/// kills and power losses. Everything follows from the seed; neither the real time nor the real disk has a part in it.
/// </summary>
/// <example>
/// <code>
/// var machine = new SimulatedMachine();
/// IFileSystem files = machine.Start().FileSystem.Files;
/// files.File.WriteAllText("/config.json", "{}");
/// machine.LosePower(seed: 7);
/// // What a new process finds now: perhaps nothing, perhaps an empty file, perhaps "{}".
/// </code>
/// </example>
public sealed class SimulatedMachine
{
    private const int PruneInterval = 512;

    private readonly SimulatedMachineOptions _options;
    private readonly List<SimulatedProcess> _processes = [];
    private readonly List<SimulatedCall> _trace = [];
    private readonly Randomness _random;
    private readonly Randomness _faultRandom;
    private MountTable _mounts;
    private int _started;

    /// <summary>Switches a machine on, with empty filesystems.</summary>
    /// <param name="options">What it is like; null for the defaults.</param>
    /// <exception cref="ArgumentException">A mount's path is not absolute.</exception>
    public SimulatedMachine(SimulatedMachineOptions? options = null)
        : this(options ?? new SimulatedMachineOptions(), null)
    {
    }

    /// <summary>A machine as another one was when it was captured, without its processes.</summary>
    internal SimulatedMachine(SimulatedMachineOptions options, MachineImage? image)
    {
        _options = options;
        _random = new Randomness(options.Seed);
        _faultRandom = new Randomness(Randomness.Combine(options.Seed, 1));
        Clock = new SimulatedClock(this, null);
        if (image is not null)
        {
            Timers.AdvanceTo(image.Now);
        }

        _mounts = Timed(image is null ? MountTable.Create(options, Timers.Now) : image.Mount(options));
    }

    /// <summary>What goes wrong from now on. Without any rule at the start.</summary>
    public FaultPlan Faults { get; set; } = new();

    /// <summary>The machine's time. A process's code takes <see cref="SimulatedProcess.Clock"/>.</summary>
    public SimulatedClock Clock { get; }

    /// <summary>How often its power was lost.</summary>
    internal int Boots { get; set; }

    /// <summary>How many calls its processes have made.</summary>
    public long Calls { get; private set; }

    /// <summary>The calls made so far, if the options say that they are kept.</summary>
    public IReadOnlyList<SimulatedCall> Trace => _trace;

    /// <summary>The processes that are alive.</summary>
    public IReadOnlyList<SimulatedProcess> Processes => _processes;

    internal Lock Gate { get; } = new();

    internal SimulatedTimers Timers { get; } = new();

    internal MountTable Mounts => _mounts;

    internal int HandlesMax => _options.HandlesMax;

    internal SimulatedMachineOptions Options => _options;

    internal ConcurrentRun? Concurrent { get; private set; }

    /// <summary>Called before each call of a process, with nothing of the machine locked.</summary>
    internal Action<SimulatedProcess, Operation>? BeforeCall { get; set; }

    /// <summary>Called before a call that changes or syncs something has its effect, under the machine's lock.</summary>
    internal Action<SimulatedCall, WriteInProgress?>? BeforeChange { get; set; }

    /// <summary>Starts a process.</summary>
    /// <param name="name">Its name; null for "process" and its number.</param>
    public SimulatedProcess Start(string? name = null)
    {
        lock (Gate)
        {
            int id = ++_started;
            var process = new SimulatedProcess(this, id, name ?? $"process{id}");
            _processes.Add(process);
            return process;
        }
    }

    /// <summary>Kills all processes at once: what they have written stays in the cache.</summary>
    public void KillAll()
    {
        foreach (SimulatedProcess process in _processes.ToList())
        {
            Kill(process);
        }
    }

    /// <summary>
    /// The power goes and comes back: all processes are dead, and of what was not synced some is there and some is not, as the profiles
    /// allow.
    /// </summary>
    /// <param name="seed">Decides what is left.</param>
    public void LosePower(ulong seed)
    {
        var random = new Randomness(seed);
        LosePower(space => [.. space.Options.Select(random.Next)], seed);
    }

    /// <summary>The power goes and comes back, and everything is left, or nothing that was not synced.</summary>
    /// <param name="keepsUnsynced">Whether what was not synced is there nevertheless.</param>
    public void LosePower(bool keepsUnsynced) =>
        LosePower(space => [.. space.Options.Select(options => keepsUnsynced ? options - 1 : 0)], 0);

    /// <summary>Makes everything durable, on all filesystems (sync(2)).</summary>
    public void Sync()
    {
        lock (Gate)
        {
            foreach (Disk disk in _mounts.Disks)
            {
                disk.SyncAll();
            }
        }
    }

    /// <summary>Drops clean pages from the cache: where a failed sync has lost data, programs now see what is on the device.</summary>
    public void DropCaches()
    {
        lock (Gate)
        {
            foreach (Disk disk in _mounts.Disks)
            {
                disk.DropCaches();
            }
        }
    }

    /// <summary>Makes the filesystem at a path read-only, or writable again, as a remount does.</summary>
    /// <param name="path">A path in it.</param>
    /// <param name="isReadOnly">Which.</param>
    /// <exception cref="FileNotFoundException">There is no such path.</exception>
    public void SetReadOnly(string path, bool isReadOnly)
    {
        ArgumentNullException.ThrowIfNull(path);
        lock (Gate)
        {
            DiskAt(path).IsReadOnly = isReadOnly;
        }
    }

    /// <summary>Mounts a new filesystem at a path, over what is there (mount(2)). After a power loss it is not mounted any more.</summary>
    /// <param name="mount">The filesystem, and where.</param>
    /// <exception cref="IOException">There is no such directory.</exception>
    public void Mount(SimulatedMount mount)
    {
        ArgumentNullException.ThrowIfNull(mount);
        lock (Gate)
        {
            Require(_mounts.Mount(mount, Timers.Now, out Disk disk), "mount at", mount.Path);
            disk.Clock = () => Timers.Now;
        }
    }

    /// <summary>
    /// Shows a file or directory at another path too (mount(2), MS_BIND), over what is there: same device and inode, another mount id. What
    /// is mounted below it is not shown there. After a power loss it is not mounted any more.
    /// </summary>
    /// <param name="source">The absolute path of what is shown.</param>
    /// <param name="target">The absolute path at which it is shown: of a directory for a directory, of a file for a file.</param>
    /// <exception cref="IOException">One of them does not exist, or they are of different kinds.</exception>
    public void BindMount(string source, string target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        lock (Gate)
        {
            Require(_mounts.Bind(source, target), "mount at", target);
        }
    }

    /// <summary>Ends the mount at a path, and what is mounted in it (umount2(2), MNT_DETACH): what is open stays open.</summary>
    /// <param name="path">The absolute path of its root.</param>
    /// <exception cref="IOException">There is no mount.</exception>
    public void Unmount(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        lock (Gate)
        {
            Require(_mounts.Unmount(path), "unmount", path);
        }
    }

    /// <summary>
    /// The kernel could not write out what a file has in memory, when no process was waiting for it: the changes since its last sync are
    /// lost on the device, and seen in memory until <see cref="DropCaches"/>. The next sync of the file tells, through whatever handle; the
    /// next of its whole filesystem tells that there was something, once to each directory that was open.
    /// </summary>
    /// <param name="path">The file's path.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public void FailWriteBack(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        lock (Gate)
        {
            if (_mounts.Walk(path, follow: true, out Place place) != Errno.None || place.Inode is not FileInode file)
            {
                throw new FileNotFoundException("There is no such file on the simulated machine.", path);
            }

            place.Disk.LosePending(file, isUntold: true);
        }
    }

    /// <summary>Leaves so much free on a filesystem and no more, until <see cref="FreeDisk"/>: another program has filled it.</summary>
    /// <param name="path">A path on it.</param>
    /// <param name="bytesLeft">The bytes; files take blocks of 4 KiB. Below zero: so much of what is given back is taken at once.</param>
    /// <param name="inodesLeft">The files and directories that can still be made. The default leaves them as they are.</param>
    /// <exception cref="FileNotFoundException">There is no such path.</exception>
    public void FillDisk(string path, long bytesLeft = 0, long inodesLeft = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(path);
        lock (Gate)
        {
            DiskAt(path).Fill(bytesLeft, inodesLeft);
        }
    }

    /// <summary>Takes back what <see cref="FillDisk"/> has done.</summary>
    /// <param name="path">A path on the filesystem.</param>
    /// <exception cref="FileNotFoundException">There is no such path.</exception>
    public void FreeDisk(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        lock (Gate)
        {
            DiskAt(path).Free();
        }
    }

    /// <summary>
    /// Runs several processes at the same time, in an order that follows from a seed: at each call one of those that can go on is chosen.
    /// Returns when all have ended. A process that is killed ends there.
    /// </summary>
    /// <param name="seed">Decides the order.</param>
    /// <param name="work">
    /// The processes and what each does. Its code may await only what ends without waiting, or waits on its
    /// <see cref="SimulatedProcess.Clock"/>.
    /// </param>
    /// <exception cref="AggregateException">What the processes threw.</exception>
    /// <exception cref="InvalidOperationException">A run is under way already.</exception>
    public void RunConcurrently(ulong seed, params IReadOnlyList<ConcurrentWork> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (Concurrent is not null)
        {
            throw new InvalidOperationException("A concurrent run is under way on this machine.");
        }

        using var run = new ConcurrentRun(this, seed);
        Concurrent = run;
        try
        {
            run.Run(work);
        }
        finally
        {
            Concurrent = null;
        }
    }

    internal void Kill(SimulatedProcess process)
    {
        lock (Gate)
        {
            process.IsAlive = false;
            _processes.Remove(process);
            Timers.RemoveOf(process);
            foreach (ISimulatedHandle handle in process.Handles.ToList())
            {
                handle.Close();
            }
        }
    }

    /// <summary>The machine as it is: what a kill of all processes leaves.</summary>
    internal MachineImage Capture() => new([.. _mounts.Disks.Select(static disk => disk.Clone())], _mounts.Mounts, Timers.Now);

    internal void LosePower(Func<PowerLossSpace, int[]> choose, ulong garbage)
    {
        lock (Gate)
        {
            KillAll();
            var disks = new List<Disk>();
            foreach (Disk disk in _mounts.Disks)
            {
                var space = new PowerLossSpace(disk);
                disks.Add(space.Materialize(choose(space), garbage));
            }

            _mounts = Timed(MountTable.Of(_options, disks));
            Boots++;
        }
    }

    internal void Sleep(SimulatedProcess? process, TimeSpan duration)
    {
        if (Concurrent is { } run && run.Sleep(duration))
        {
            return;
        }

        Timers.AdvanceTo(Timers.Now + duration);
        if (process is { IsAlive: false })
        {
            throw new SimulatedCrashException();
        }
    }

    internal void FillRandom(Span<byte> bytes)
    {
        lock (Gate)
        {
            _random.Fill(bytes);
        }
    }

    private Disk DiskAt(string path) => _mounts.Walk(path, follow: true, out Place place) == Errno.None
        ? place.Disk
        : throw new FileNotFoundException("There is no such path on the simulated machine.", path);

    private static void Require(Errno errno, string operation, string path)
    {
        if (errno != Errno.None)
        {
            throw new IOException($"The simulated machine could not {operation} '{path}': {ErrnoText.Of(errno)}.", (int)errno);
        }
    }

    private MountTable Timed(MountTable mounts)
    {
        foreach (Disk disk in mounts.Disks)
        {
            disk.Clock = () => Timers.Now;
        }

        return mounts;
    }

    /// <summary>Counts a call and finds its fault. The caller holds the gate.</summary>
    internal (SimulatedCall Call, SimulatedFault? Fault) Announce(SimulatedProcess process, Operation operation, string path, string detail)
    {
        var call = new SimulatedCall(++Calls, process.Name, operation, path, detail, Errno.None);
        if (Calls % PruneInterval == 0)
        {
            Prune();
        }

        return (call, Faults.Next(call, _faultRandom));
    }

    internal void Record(SimulatedCall call)
    {
        if (_options.KeepsTrace)
        {
            _trace.Add(call);
        }
    }

    private void Prune()
    {
        foreach (Disk disk in _mounts.Disks)
        {
            disk.Prune();
        }
    }
}
