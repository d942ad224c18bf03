using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Vocabulary;
using Xunit;

namespace SafeStore.CrashTests.Support;

/// <summary>What lies in a store's roots, as any program sees it: names, modes, contents.</summary>
internal static class Trees
{
    /// <summary>One line per file and directory of the sandboxes, sorted. A temp file would be one too many. Without the lock files:
    /// a sandbox that recovery has made gets its one when it is locked.</summary>
    public static string Of(StoreLayout layout) => string.Join('\n', Lines(layout.Config, "config").Concat(Lines(layout.Run, "run")));

    /// <summary>As <see cref="Of"/>, and with what the lock files say.</summary>
    public static string WithLockWords(StoreLayout layout) => Of(layout) + "\n"
        + string.Join('\n', Sandboxes(layout).Select(sandbox => $"{sandbox} {WordOf(layout, sandbox)}"));

    /// <summary>Nothing staged, and, if nobody has been killed since the last recovery, nothing half emptied.</summary>
    public static void AssertNoStrays(StoreLayout layout, bool alsoTrash)
    {
        foreach (string metadata in new[] { layout.ConfigMetadata, layout.RunMetadata })
        {
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(metadata, "new")));
            Assert.False(Directory.Exists(Path.Combine(metadata, "overruled")), "Something was set aside.");
            Assert.False(Directory.Exists(Path.Combine(metadata, "parked")), "Something was parked.");
            if (alsoTrash)
            {
                Assert.Empty(Directory.GetDirectories(Path.Combine(metadata, "scratch")).SelectMany(Directory.GetFileSystemEntries));
            }
        }
    }

    /// <summary>Lets each sandbox be resolved: the word of one that is in no record says "committing" until it is locked.</summary>
    public static async Task LockEachAsync(StateStore store)
    {
        foreach (string sandbox in store.ListSandboxes())
        {
            await (await store.LockAsync(sandbox)).DisposeAsync();
        }
    }

    /// <summary>As recovery leaves it: a word that a kill tore says nothing, until the next lock writes it anew.</summary>
    public static void AssertNotCommitting(StoreLayout layout)
    {
        foreach (string sandbox in Sandboxes(layout))
        {
            Assert.NotEqual(LockWordState.Committing, WordOf(layout, sandbox).State);
        }
    }

    public static void AssertIdle(StoreLayout layout)
    {
        foreach (string sandbox in Sandboxes(layout))
        {
            Assert.Equal(LockWordState.Idle, WordOf(layout, sandbox).State);
        }
    }

    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to, File.GetUnixFileMode(from));
        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string directory in Directory.GetDirectories(from))
        {
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
        }
    }

    private static LockWord WordOf(StoreLayout layout, string sandbox)
    {
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(Path.Combine(layout.Run, sandbox), out DirectoryHandle? directory));
        using (directory)
        {
            Errno errno = fs.OpenFile(directory!, Identifier.LockFile, FileUse.Read, out FileHandle? file);
            if (errno == Errno.NotFound)
            {
                return default;
            }

            Assert.Equal(Errno.None, errno);
            using (file)
            {
                return LockWord.Read(fs, file!);
            }
        }
    }

    private static IEnumerable<string> Sandboxes(StoreLayout layout) => Directory.GetDirectories(layout.Run)
        .Select(Path.GetFileName)
        .OfType<string>()
        .Where(static name => !name.StartsWith('.'))
        .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Lines(string path, string shown)
    {
        foreach (string entry in Directory.GetFileSystemEntries(path).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(entry);
            string line = $"{shown}/{name} {Convert.ToString((int)File.GetUnixFileMode(entry), 8)}";
            if (File.Exists(entry))
            {
                if (name != Identifier.LockFile)
                {
                    yield return $"{line} {File.ReadAllText(entry)}";
                }
            }
            else if (name is not (StoreLayout.MetadataName or "lost+found"))
            {
                yield return line;
                foreach (string inner in Lines(entry, $"{shown}/{name}"))
                {
                    yield return inner;
                }
            }
        }
    }
}
