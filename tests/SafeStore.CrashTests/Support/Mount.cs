using System;
using System.Collections.Generic;
using System.IO;

namespace SafeStore.CrashTests.Support;

/// <summary>A real filesystem of its own, mounted on a directory; unmounted when disposed.</summary>
internal sealed class Mount : IDisposable
{
    private readonly TempDirectory _directory = new();
    private bool _isMounted;

    private Mount(string? image, params string[] arguments)
    {
        Image = image;
        Path = _directory.Make("mnt");
        try
        {
            Tool.Run("mount", [.. arguments, Path]);
            _isMounted = true;
        }
        catch
        {
            _directory.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>The file that is the disk; null for tmpfs.</summary>
    public string? Image { get; }

    public StoreLayout Layout => StoreLayout.At(System.IO.Path.Combine(Path, "store"));

    /// <summary>
    /// A filesystem of a kind: on a loop device over a new sparse file of the smallest size that its maker accepts, or in memory.
    /// </summary>
    public static Mount Of(string kind, TempDirectory images, string? size = null)
    {
        if (kind == "tmpfs")
        {
            return Tmpfs(size ?? "64m");
        }

        return OfImage(MakeImage(kind, images.Path, size));
    }

    /// <summary>A new disk, as a sparse file.</summary>
    public static string MakeImage(string kind, string directory, string? size = null)
    {
        string image = System.IO.Path.Combine(directory, $"{kind}-{Guid.NewGuid():N}.img");
        string bytes = size ?? kind switch { "xfs" => "320M", "btrfs" => "128M", _ => "64M" };
        Tool.Run("truncate", "-s", bytes, image);
        Tool.Run("mkfs." + kind, kind switch { "ext4" => ["-q", "-F", image], "btrfs" => ["-q", "-f", image], _ => ["-q", image] });
        return image;
    }

    /// <summary>Mounts a disk; several copies of one may be mounted at a time, but for btrfs.</summary>
    public static Mount OfImage(string image, bool isXfsCopy = false) => new(image, "-o", isXfsCopy ? "loop,nouuid" : "loop", image);

    public static Mount Tmpfs(string size, string? more = null) =>
        new(null, "-t", "tmpfs", "-o", $"size={size}{(more is null ? "" : "," + more)}", "tmpfs");

    /// <summary>
    /// What a power cut would leave now: a copy of the disk without what is only in the filesystem's memory. The copy has its own space:
    /// later writes to the disk do not reach it.
    /// </summary>
    public string CutPower()
    {
        string copy = $"{Image}.{Guid.NewGuid():N}";
        Tool.Run("cp", "--sparse=always", "--reflink=never", Image!, copy);
        return copy;
    }

    public void Remount(string options) => Tool.Run("mount", "-o", "remount," + options, Path);

    /// <summary>Lets an ext4 meet an error of its own, upon which it becomes read-only for everybody, at once, or goes on.</summary>
    public void FailExt4(bool goesOn = false)
    {
        Remount(goesOn ? "errors=continue" : "errors=remount-ro");
        string device = Tool.TryRun("losetup", "--associated", Image!).Output.Split(':')[0];
        File.WriteAllText($"/sys/fs/ext4/{System.IO.Path.GetFileName(device)}/trigger_fs_error", "safestore test");
    }

    /// <summary>Leaves no space, or no inode.</summary>
    /// <returns>What to delete to have space again; null when it is inodes.</returns>
    public string? Fill(bool lacksInodes = false)
    {
        if (lacksInodes)
        {
            int number = 0;
            FillUp(() => File.WriteAllBytes(System.IO.Path.Combine(Path, $"filler-{number++}"), []));
            return null;
        }

        string path = System.IO.Path.Combine(Path, "filler");
        using var filler = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (int size in (IEnumerable<int>)[1 << 20, 4096, 1])
        {
            byte[] bytes = new byte[size];
            FillUp(() => Append(filler, bytes));
        }

        return path;
    }

    public void Unmount()
    {
        if (_isMounted)
        {
            _isMounted = false;
            Tool.Run("umount", Path);
        }
    }

    public void Dispose()
    {
        try
        {
            Unmount();
        }
        catch (InvalidOperationException)
        {
            // Somebody still works in it: it goes when that ends. The test's own failure is what counts.
            _ = Tool.TryRun("umount", "--lazy", Path);
        }

        if (new List<string>(File.ReadAllLines("/proc/self/mountinfo"))
            .Exists(line => line.Contains($" {Path} ", StringComparison.Ordinal)))
        {
            throw new InvalidOperationException($"'{Path}' is still mounted; its directory is left.");
        }

        _directory.Dispose();
    }

    private static void Append(FileStream filler, byte[] bytes)
    {
        filler.Write(bytes);
        filler.Flush(flushToDisk: bytes.Length > 1); // ext4 promises space that it finds missing later
    }

    private static void FillUp(Action add)
    {
        try
        {
            while (true)
            {
                add();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
