using System;
using System.Collections.Immutable;
using System.IO;
using System.IO.Abstractions;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Recipes;

/// <summary>How a file is replaced.</summary>
internal enum FileSaving
{
    InPlace,
    Rename,
    SyncAndRename,
    SyncDirectoryToo,
}

/// <summary>Document by document, as programs do that have no store.</summary>
internal sealed record FileRecipe(string Name, string Text, FileSaving Saving) : Recipe(Name, Text)
{
    private const string Temp = ".tmp";
    private const string Root = "/run/" + SampleSandbox.Name;

    public override ValueTask PrepareAsync(SimulatedProcess process)
    {
        _ = process.FileSystem.Files.Directory.CreateDirectory(Root);
        Save(process.FileSystem, SampleSandbox.Versions[0]);
        return default;
    }

    public override ValueTask PerformAsync(CrashRun run, Action ready)
    {
        ready();
        foreach (SampleVersion version in SampleSandbox.Versions.Skip(1))
        {
            run.Begin(version);
            Save(run.FileSystem, version);
            run.Acknowledge(version);
        }

        return default;
    }

    public override ValueTask<Recovered> RecoverAsync(CrashState state)
    {
        IFileSystem files = state.Files;
        ImmutableDictionary<string, string> found = files.Directory.GetFiles(Root, "*", SearchOption.AllDirectories)
            .ToImmutableDictionary(
                static path => path[(Root.Length + 1)..],
                path => Encoding.Latin1.GetString(files.File.ReadAllBytes(path)));
        return ValueTask.FromResult(new Recovered(
            found.RemoveRange(found.Keys.Where(static path => path.EndsWith(Temp, StringComparison.Ordinal))),
            [.. found.Keys.Where(static path => path.EndsWith(Temp, StringComparison.Ordinal)).Order(StringComparer.Ordinal)]));
    }

    private void Save(SimulatedFileSystem fs, SampleVersion version)
    {
        foreach (SampleDocument document in version.Changed)
        {
            string path = $"{Root}/{document.Path}";
            string directory = LinuxPath.GetDirectoryName(path)!;
            if (!fs.Files.Directory.Exists(directory))
            {
                _ = fs.Files.Directory.CreateDirectory(directory);
                SyncDirectory(fs, Root);
            }

            Write(fs.Files, Saving == FileSaving.InPlace ? path : path + Temp, document.Text);
            if (Saving != FileSaving.InPlace)
            {
                fs.Files.File.Move(path + Temp, path, overwrite: true);
                SyncDirectory(fs, directory);
            }
        }
    }

    private void Write(IFileSystem files, string path, string text)
    {
        using FileSystemStream stream =
            files.FileStream.New(path, files.File.Exists(path) ? FileMode.Truncate : FileMode.CreateNew, FileAccess.Write);
        stream.Write(Encoding.UTF8.GetBytes(text));
        stream.Flush(flushToDisk: Saving is FileSaving.SyncAndRename or FileSaving.SyncDirectoryToo);
    }

    private void SyncDirectory(SimulatedFileSystem fs, string path)
    {
        if (Saving == FileSaving.SyncDirectoryToo)
        {
            StorageException.ThrowIfFailed(fs.OpenRoot(path, out DirectoryHandle? directory), "open", path);
            using (directory)
            {
                StorageException.ThrowIfFailed(fs.SyncDirectory(directory!), "sync", path);
            }
        }
    }
}
