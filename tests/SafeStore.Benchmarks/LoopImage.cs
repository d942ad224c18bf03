using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace SafeStore.Benchmarks;

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
        await RunAsync("truncate", "-s", "2G", image._image);
        await RunAsync("mkfs.ext4", "-q", "-F", image._image);
        await RunAsync("mount", "-o", "loop", image._image, image.Directory);
        return image;
    }

    public async ValueTask DisposeAsync() => await RunAsync("umount", Directory);

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
