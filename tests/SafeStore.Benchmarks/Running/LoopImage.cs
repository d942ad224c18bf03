using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace SafeStore.Benchmarks.Running;

/// <summary>
/// A fresh journaled ext4 in a loop image, mounted for the run (needs root): the same filesystem everywhere, whatever the machine's own is.
/// One without a journal, for instance, walks over recently deleted inodes at every create.
/// </summary>
/// <remarks>
/// The loop device reads and writes the image past the page cache, as a partition of the disk would be. Through it, each write is copied
/// once more, by a thread of the kernel that needs a processor for it, and a flush is an fsync of the image: it writes back whatever
/// anybody has written, where a disk's only empties its cache.
/// </remarks>
internal sealed class LoopImage : IAsyncDisposable
{
    private readonly string _image;

    private LoopImage(string image, string directory)
    {
        _image = image;
        Directory = directory;
    }

    /// <summary>Where it is mounted.</summary>
    public string Directory { get; }

    /// <param name="place">Where to put image and mount point.</param>
    /// <param name="isBuffered">Whether the loop device goes through the page cache after all.</param>
    public static async Task<LoopImage> MountAsync(string place, bool isBuffered)
    {
        System.IO.Directory.CreateDirectory(place);
        var image = new LoopImage(Path.Join(place, "ext4.img"), Path.Join(place, "mount"));
        System.IO.Directory.CreateDirectory(image.Directory);
        // Written, and not given back by mkfs: a block that the image gets while we measure would cost more than one of a disk.
        await RunAsync("dd", "if=/dev/zero", $"of={image._image}", "bs=1M", "count=8192", "conv=fsync", "status=none");
        // An inode for every 8 KiB, since the documents are small; and none of them written by the kernel while we measure.
        await RunAsync("mkfs.ext4", "-q", "-F", "-i", "8192", "-E", "lazy_itable_init=1,nodiscard", image._image);
        await RunAsync("mount", "-o", "loop,noinit_itable", image._image, image.Directory);
        try
        {
            if (!isBuffered)
            {
                await RunAsync("losetup", "--direct-io=on", await DeviceOfAsync(image.Directory));
            }

            return image;
        }
        catch (IOException failure)
        {
            await image.DisposeAsync();
            throw new IOException(
                $"{failure.Message}: the image's filesystem cannot be written past the page cache, perhaps; see --buffered", failure);
        }
    }

    /// <summary>Lazily: what a contestant that failed has left open must not keep the image.</summary>
    public async ValueTask DisposeAsync() => await RunAsync("umount", "--lazy", Directory);

    private static async Task<string> DeviceOfAsync(string mount)
    {
        var start = new ProcessStartInfo("findmnt", ["--noheadings", "--output", "SOURCE", mount]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string device = (await process.StandardOutput.ReadToEndAsync()).Trim();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? device : throw new IOException($"findmnt ended with {process.ExitCode}");
    }

    private static async Task RunAsync(string command, params string[] arguments)
    {
        using Process process = Process.Start(command, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{command} {string.Join(' ', arguments)} ended with {process.ExitCode}");
        }
    }
}
