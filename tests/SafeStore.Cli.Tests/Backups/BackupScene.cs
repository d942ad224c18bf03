using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Backups;

/// <summary>A directory with a store, and one for its backups.</summary>
public sealed class BackupScene : IDisposable
{
    private readonly string _temp = Directory.CreateTempSubdirectory("safestore-backup-test-").FullName;

    public StoreOptions Options { get; init; } = new();

    public string Store => PathOf("store");

    public StoreLayout Layout => StoreLayout.At(Store);

    public BackupDirectory Backups => new(PathOf("backups"), Options);

    public string PathOf(string name) => Path.Combine(_temp, name);

    public void Dispose() => Directory.Delete(_temp, recursive: true);

    public ValueTask<StateStore> OpenAsync() => StateStore.OpenAsync(Layout, Options);

    /// <summary>Makes a backup that must have nothing wrong, and gives it checked.</summary>
    public async Task<BackupResult> BackUpAsync(BackupOptions? options = null)
    {
        BackupResult result = await Backups.CreateAsync(Layout, options, TestContext.Current.CancellationToken);
        Assert.Empty(result.Problems);
        Assert.Empty(Backups.Verify(result.Backup.Name, cancellationToken: TestContext.Current.CancellationToken).Problems);
        return result;
    }

    public async Task<List<RestoredSandbox>> RestoreAsync(Backup backup, string target, RestoreOptions? options = null)
    {
        var restored = new List<RestoredSandbox>();
        await foreach (RestoredSandbox each in BackupRestore.RunAsync(
            backup.Path, StoreLayout.At(PathOf(target)), options, Options, TestContext.Current.CancellationToken))
        {
            restored.Add(each);
        }

        return restored;
    }

    /// <summary>The documents of a store or of a backup, by path, with what is in them; directories too.</summary>
    public static SortedDictionary<string, string> DocumentsIn(string tree)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string root in new[] { "config", "run" })
        {
            string top = Path.Combine(tree, root);
            foreach (string path in Directory.EnumerateFileSystemEntries(top, "*", SearchOption.AllDirectories))
            {
                string name = Path.GetRelativePath(tree, path);
                if (!name.Contains("/.safestore", StringComparison.Ordinal) && Path.GetFileName(name) != "lock")
                {
                    found[name] = Directory.Exists(path) ? "directory" : File.ReadAllText(path);
                }
            }
        }

        return found;
    }

    public static byte[] Number(long number) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"n\":{number}}}"));

    public static long NumberIn(string json) => JsonElement.Parse(json).GetProperty("n").GetInt64();
}
