using System;
using SafeStore.FileSystem;

namespace SafeStore.Sandboxes;

/// <summary>Tells of the machine's processes.</summary>
internal interface IProcessTable
{
    bool IsLiving(int pid);

    /// <summary>Null if it is not told.</summary>
    DateTimeOffset? StartOf(int pid);
}

/// <summary>The processes that the kernel has in this process's pid namespace.</summary>
internal sealed class KernelProcessTable : IProcessTable
{
    public bool IsLiving(int pid) => PosixProcess.IsLiving(pid);

    public DateTimeOffset? StartOf(int pid) => PosixProcess.StartOf(pid);
}
