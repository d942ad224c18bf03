using System;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Testing;

/// <summary>
/// What another program does to a machine: an administrator, a cleaner, a backup. It asks for no lock, and its calls are crashed as those
/// of processes are. Nothing of it is durable until it is synced.
/// </summary>
public sealed class ForeignAction
{
    private readonly string _text;
    private readonly Action<ForeignProgram> _perform;

    private ForeignAction(string text, Action<ForeignProgram> perform) => (_text, _perform) = (text, perform);

    /// <summary>Removes a file, or a link itself: <c>rm path</c>.</summary>
    /// <param name="path">The absolute path.</param>
    public static ForeignAction DeleteFile(string path) => new($"rm {path}", program => program.DeleteFile(path));

    /// <summary>Removes a tree, with what is mounted in it; directories on which something is mounted stay: <c>rm -rf path</c>.</summary>
    /// <param name="path">The absolute path.</param>
    public static ForeignAction DeleteTree(string path) => new($"rm -rf {path}", program => program.DeleteTree(path));

    /// <summary>Renames a file or directory over whatever has the name: <c>mv -T source target</c>.</summary>
    /// <param name="source">The absolute path of what is renamed.</param>
    /// <param name="target">The absolute path that it gets.</param>
    public static ForeignAction Rename(string source, string target) =>
        new($"mv -T {source} {target}", program => program.Rename(source, target));

    /// <summary>Writes a file in place, new or not: <c>... > path</c>.</summary>
    /// <param name="path">The absolute path.</param>
    /// <param name="content">Its whole content.</param>
    public static ForeignAction WriteFile(string path, string content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return new($"write {content.Length} characters to {path}", program => program.WriteFile(path, content));
    }

    /// <summary>Sets a file's size, down or up: <c>truncate -s size path</c>.</summary>
    /// <param name="path">The absolute path.</param>
    /// <param name="size">The size in bytes.</param>
    public static ForeignAction Truncate(string path, long size) =>
        new($"truncate -s {size} {path}", program => program.Truncate(path, size));

    /// <summary>Gives a file another name: <c>ln existing created</c>.</summary>
    /// <param name="existing">The file's absolute path.</param>
    /// <param name="created">The absolute path of the new name.</param>
    public static ForeignAction HardLink(string existing, string created) =>
        new($"ln {existing} {created}", program => program.HardLink(existing, created));

    /// <summary>Makes a symbolic link: <c>ln -s target created</c>.</summary>
    /// <param name="target">What is written into the link.</param>
    /// <param name="created">The link's absolute path.</param>
    public static ForeignAction SymbolicLink(string target, string created) =>
        new($"ln -s {target} {created}", program => program.SymbolicLink(target, created));

    /// <summary>Sets the permission bits: <c>chmod mode path</c>.</summary>
    /// <param name="path">The absolute path.</param>
    /// <param name="mode">The bits.</param>
    public static ForeignAction SetMode(string path, UnixFileMode mode) =>
        new($"chmod {Convert.ToString((int)mode, 8)} {path}", program => program.SetMode(path, mode));

    /// <summary>Sets user and group: <c>chown user:group path</c>.</summary>
    /// <param name="path">The absolute path.</param>
    /// <param name="owner">Both.</param>
    public static ForeignAction SetOwner(string path, FileOwner owner) =>
        new($"chown {owner.User}:{owner.Group} {path}", program => program.SetOwner(path, owner));

    /// <summary>Copies a tree with modes, owners, times, attributes, and links within it: <c>cp -aT source target</c>.</summary>
    /// <param name="source">The absolute path of a file or directory.</param>
    /// <param name="target">The absolute path of the copy, which must not exist.</param>
    public static ForeignAction CopyTree(string source, string target) =>
        new($"cp -aT {source} {target}", program => program.CopyTree(source, target, hasOwnFiles: true));

    /// <summary>Copies a tree whose files are those of the source under further names: <c>cp -alT source target</c>.</summary>
    /// <param name="source">The absolute path of a file or directory.</param>
    /// <param name="target">The absolute path of the copy, which must not exist.</param>
    public static ForeignAction LinkTree(string source, string target) =>
        new($"cp -alT {source} {target}", program => program.CopyTree(source, target, hasOwnFiles: false));

    /// <summary>
    /// Puts a copy of a directory back: empties the directory, which stays the same one, and copies into it all that the copy has, as
    /// <see cref="CopyTree"/> does.
    /// </summary>
    /// <param name="source">The copy's absolute path.</param>
    /// <param name="target">The absolute path of the directory.</param>
    public static ForeignAction RestoreTree(string source, string target) =>
        new($"rm -rf {target}/* && cp -a {source}/. {target}", program => program.RestoreTree(source, target));

    /// <summary>Mounts a new filesystem over a directory (<see cref="SimulatedMachine.Mount"/>). A power loss ends it.</summary>
    /// <param name="mount">The filesystem, and where.</param>
    public static ForeignAction Mount(SimulatedMount mount)
    {
        ArgumentNullException.ThrowIfNull(mount);
        return new($"mount -t {mount.Profile} {mount.Path}", program => program.Machine.Mount(mount));
    }

    /// <summary>Shows a file or directory at another path too (<see cref="SimulatedMachine.BindMount"/>). A power loss ends it.</summary>
    /// <param name="source">The absolute path of what is shown.</param>
    /// <param name="target">The absolute path at which it is shown.</param>
    public static ForeignAction BindMount(string source, string target) =>
        new($"mount --bind {source} {target}", program => program.Machine.BindMount(source, target));

    /// <summary>Ends a mount; what is open in it stays open: <c>umount --lazy path</c>.</summary>
    /// <param name="path">The absolute path of its root.</param>
    public static ForeignAction Unmount(string path) => new($"umount --lazy {path}", program => program.Machine.Unmount(path));

    /// <summary>Leaves so much free on a filesystem and no more, until <see cref="FreeDisk"/>.</summary>
    /// <param name="path">A path on it.</param>
    /// <param name="bytesLeft">The bytes; files take blocks of 4 KiB. Below zero: so much of what is given back is taken at once.</param>
    /// <param name="inodesLeft">The files and directories that can still be made.</param>
    public static ForeignAction FillDisk(string path, long bytesLeft = 0, long inodesLeft = long.MaxValue) =>
        new($"fill {path} up to {bytesLeft} bytes", program => program.Machine.FillDisk(path, bytesLeft, inodesLeft));

    /// <summary>Takes back what <see cref="FillDisk"/> has done.</summary>
    /// <param name="path">A path on the filesystem.</param>
    public static ForeignAction FreeDisk(string path) => new($"free the space of {path}", program => program.Machine.FreeDisk(path));

    /// <summary>Makes a filesystem read-only, or writable again: <c>mount -o remount,ro path</c>.</summary>
    /// <param name="path">A path on it.</param>
    /// <param name="isReadOnly">Which.</param>
    public static ForeignAction SetReadOnly(string path, bool isReadOnly) =>
        new($"mount -o remount,{(isReadOnly ? "ro" : "rw")} {path}", program => program.Machine.SetReadOnly(path, isReadOnly));

    /// <summary>Makes everything durable: <c>sync</c>.</summary>
    public static ForeignAction Sync() => new("sync", static program => program.Machine.Sync());

    /// <summary>Anything else that can be done to files.</summary>
    /// <param name="what">What it does, for messages.</param>
    /// <param name="perform">Does it, with the filesystem of a process of its own.</param>
    public static ForeignAction Custom(string what, Action<SimulatedFileSystem> perform)
    {
        ArgumentException.ThrowIfNullOrEmpty(what);
        ArgumentNullException.ThrowIfNull(perform);
        return new(what, program => perform(program.FileSystem));
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    internal void Perform(SimulatedMachine machine)
    {
        SimulatedProcess process = machine.Start("other program");
        try
        {
            _perform(new ForeignProgram(machine, process));
        }
        finally
        {
            process.Kill();
        }
    }
}
