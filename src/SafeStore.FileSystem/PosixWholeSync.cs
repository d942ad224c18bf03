using System;
using System.Globalization;

namespace SafeStore.FileSystem;

/// <summary>
/// A sync of a whole filesystem by syncfs(2), where its answer may be believed. Before Linux 5.8 it did not tell of failed write-backs,
/// before 5.17 not of what the filesystem itself had failed to do (sync_filesystem in fs/sync.c). And on ext4 only: it commits the journal
/// and then flushes the device, also when nothing was left to commit (ext4_sync_fs); XFS forces its log (xfs_fs_sync_fs) and flushes with
/// that only, so that data which had been written over in place may be left in the device's cache.
/// </summary>
internal static class PosixWholeSync
{
    private static readonly Version s_oldestKernel = new(5, 17);

    internal static Errno Sync(Descriptor directory, long unwrittenMax, out bool isDone)
    {
        isDone = false;
        if (!IsReliable(directory) || PosixStatus.OfDescriptor(directory, out FileStatus status) != Errno.None)
        {
            return Errno.None;
        }

        using Ext4Report? report = Ext4Report.TryOpen(status.Device);
        if (report?.Read() is not { Errors: 0 } before || UnwrittenBytes(PseudoFile.Read("/proc/meminfo")) > unwrittenMax)
        {
            return Errno.None;
        }

        Errno errno = LibC.Error(LibC.syncfs(directory));

        // Of a block that it cannot allocate, ext4 gives the data up, writes a message, and lets syncfs succeed
        // (mpage_map_and_submit_extent in fs/ext4/inode.c).
        errno = report.Read() == before ? errno : Errno.Damaged;
        isDone = errno == Errno.None;
        return errno;
    }

    /// <summary>
    /// What waits to be written and what is being written (proc_meminfo(5): Dirty, Writeback), in bytes; the largest number if the kernel
    /// does not tell.
    /// </summary>
    internal static long UnwrittenBytes(ReadOnlySpan<char> meminfo)
    {
        long bytes = 0;
        int found = 0;
        foreach (ReadOnlySpan<char> line in meminfo.EnumerateLines())
        {
            int colon = line.IndexOf(':');
            if (colon < 0 || line[..colon] is not ("Dirty" or "Writeback"))
            {
                continue;
            }

            ReadOnlySpan<char> value = line[(colon + 1)..].Trim();
            if (!value.EndsWith(" kB") || !long.TryParse(value[..^3], NumberStyles.None, CultureInfo.InvariantCulture, out long kibibytes)
                || kibibytes > long.MaxValue / 4096)
            {
                return long.MaxValue;
            }

            bytes += kibibytes * 1024;
            found++;
        }

        return found == 2 ? bytes : long.MaxValue;
    }

    private static bool IsReliable(Descriptor directory) =>
        Environment.OSVersion.Version >= s_oldestKernel && PosixTraits.Describe(directory, out FileSystemTraits? traits) == Errno.None
            && traits!.Name == PosixTraits.Ext4;
}
