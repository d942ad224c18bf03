using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace SafeStore.FileSystem;

/// <summary>
/// Reads the kernel's table of file locks, /proc/locks (proc_locks(5)), so that a message can name the process in the way.
/// </summary>
internal static class LockTable
{
    private const int CommandLimit = 200;

    /// <summary>The holders of locks on a file; empty when the table cannot be read.</summary>
    internal static IReadOnlyList<LockHolder> HoldersOf(ulong device, ulong inode)
    {
        List<LockHolder> holders = [];
        foreach ((int processId, bool isExclusive) in Parse(PseudoFile.Read("/proc/locks"), device, inode))
        {
            holders.Add(new LockHolder(processId, CommandOf(processId), isExclusive));
        }

        return holders;
    }

    /// <summary>
    /// Finds a file's flocks and locks of open file descriptions in the table's text; for the latter the kernel names no process. If no
    /// line has both device and inode, lines with the inode alone count: btrfs and overlayfs show another device here than in stat.
    /// </summary>
    internal static IReadOnlyList<(int ProcessId, bool IsExclusive)> Parse(string text, ulong device, ulong inode)
    {
        List<(int ProcessId, bool IsExclusive)> exact = [];
        List<(int ProcessId, bool IsExclusive)> sameInode = [];
        foreach (string line in text.Split('\n'))
        {
            // "3: FLOCK  ADVISORY  WRITE 4711 fe:00:131077 0 EOF"; a waiter has "->" in the second place and is no holder.
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 6
                || fields[1] is not ("FLOCK" or "OFDLCK")
                || !int.TryParse(fields[4], CultureInfo.InvariantCulture, out int processId)
                || !TryParseFile(fields[5], out ulong lineDevice, out ulong lineInode)
                || lineInode != inode)
            {
                continue;
            }

            (int, bool) holder = (Math.Max(processId, 0), fields[3] == "WRITE");
            sameInode.Add(holder);
            if (lineDevice == device)
            {
                exact.Add(holder);
            }
        }

        return exact.Count > 0 ? exact : sameInode;
    }

    internal static bool TryParseFile(string text, out ulong device, out ulong inode)
    {
        string[] parts = text.Split(':');
        device = inode = 0;
        if (parts.Length != 3
            || !uint.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint major)
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint minor)
            || !ulong.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out inode))
        {
            return false;
        }

        device = PosixStatus.Device(major, minor);
        return true;
    }

    internal static string CommandOf(int processId)
    {
        if (processId == 0)
        {
            return "";
        }

        string process = "/proc/" + processId.ToString(CultureInfo.InvariantCulture);
        string command = Printable(ProgramIn(PseudoFile.Read(process + "/cmdline")));
        return command.Length > 0 ? command : Printable(PseudoFile.Read(process + "/comm"));
    }

    /// <summary>
    /// The program, and a path behind it, which may be what an interpreter runs. Nothing else of a command line: an argument may be a
    /// secret, and what is told here gets into logs.
    /// </summary>
    private static string ProgramIn(string commandLine)
    {
        string[] parts = commandLine.Split('\0');
        bool isPath = parts.Length > 1 && (parts[1].StartsWith('/') || parts[1].EndsWith(".dll", StringComparison.Ordinal));
        return isPath ? $"{parts[0]} {parts[1]}" : parts[0];
    }

    /// <summary>One line, without the control characters by which a command line could forge log lines.</summary>
    private static string Printable(string text)
    {
        StringBuilder result = new(Math.Min(text.Length, CommandLimit));
        foreach (char character in text.AsSpan(0, Math.Min(text.Length, CommandLimit)))
        {
            result.Append(char.IsControl(character) ? ' ' : character);
        }

        return result.ToString().Trim();
    }
}
