using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace SafeStore.Benchmarks.Running;

/// <summary>
/// A fresh journaled ext4 in a loop image, mounted for the run (needs root): the same filesystem everywhere, whatever the machine's own is. One
/// without a journal, for instance, walks over recently deleted inodes at every create.
/// </summary>
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

    public static async Task<LoopImage> MountAsync(string place)
    {
        System.IO.Directory.CreateDirectory(place);
        var image = new LoopImage(Path.Join(place, "ext4.img"), Path.Join(place, "mount"));
        System.IO.Directory.CreateDirectory(image.Directory);
        await RunAsync("truncate", "-s", "8G", image._image);
        // An inode for every 8 KiB, since the documents are small; and none of them written by the kernel while we measure.
        await RunAsync("mkfs.ext4", "-q", "-F", "-i", "8192", "-E", "lazy_itable_init=1", image._image);
        await RunAsync("mount", "-o", "loop,noinit_itable", image._image, image.Directory);
        return image;
    }

    /// <summary>Lazily: what a contestant that failed has left open must not keep the image.</summary>
    public async ValueTask DisposeAsync() => await RunAsync("umount", "--lazy", Directory);

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
