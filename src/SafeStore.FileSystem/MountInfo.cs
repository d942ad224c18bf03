using System;

namespace SafeStore.FileSystem;

/// <summary>Reads the kernel's table of mounts, /proc/self/mountinfo (proc_pid_mountinfo(5)).</summary>
internal static class MountInfo
{
    /// <summary>The kind of filesystem on a device, "ext4" for instance; empty if the table does not have it.</summary>
    internal static string KindOf(string text, ulong device)
    {
        string numbers = PosixStatus.NumbersOf(device);
        foreach (string line in text.Split('\n'))
        {
            // "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": between options and dash there are any number of fields.
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (dash > 0 && dash + 1 < fields.Length && fields[2] == numbers)
            {
                return fields[dash + 1];
            }
        }

        return "";
    }
}
