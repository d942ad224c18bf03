using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Operations;
using SafeStore.Operations.Backups;
using SafeStore.Testing;

namespace SafeStore.Fuzzing.Targets;

/// <summary>A backup's manifest, with its checksum: the backup is listed, verified, and restored into a new store.</summary>
internal sealed class BackupTarget(StoreImage image) : IFuzzTarget
{
    private const string Path = "/backups";

    public string Name => "backup";

    public IReadOnlyList<byte[]> Seeds { get; } = [Make(image, out _)];

    public void Seal(byte[] input)
    {
    }

    public string Run(byte[] input)
    {
        _ = Make(image, out SimulatedProcess process);
        StoreOptions options = StoreImage.OptionsOf(process);
        var backups = new BackupDirectory(Path, options);
        string backup = backups.List().Single().Path;
        process.FileSystem.Files.File.WriteAllBytes($"{backup}/{BackupManifest.FileName}", input);
        process.FileSystem.Files.File.WriteAllBytes($"{backup}/{BackupManifest.SumName}", BackupManifest.SumOf(input));
        SortedDictionary<string, string> before = StoreImage.Documents(process, StoreImage.Bystander);
        string told;
        try
        {
            string name = backup[(backup.LastIndexOf('/') + 1)..];
            told = $"{backups.List().Sum(static each => each.Problems.Count)} {backups.Verify(name).Problems.Count > 0}";
            told += RestoreAsync(backup, options).GetAwaiter().GetResult();
        }
        catch (SafeStoreException failure)
        {
            told = failure.Code;
        }
        catch (Exception failure)
        {
            throw new FuzzViolationException($"It threw {failure.GetType().Name}: {failure.Message}", failure);
        }

        return before.SequenceEqual(StoreImage.Documents(process, StoreImage.Bystander)) ? told
            : throw new FuzzViolationException("The store that was backed up was changed.");
    }

    private static async Task<string> RestoreAsync(string backup, StoreOptions options)
    {
        int count = 0;
        var restoring = new RestoreOptions { SkipDamaged = true };
        await foreach (RestoredSandbox restored in BackupRestore.RunAsync(
            backup, StoreLayout.At("/restored"), restoring, options with { Opening = StoreOpening.OpenOrCreate }))
        {
            count += restored.Damage is null ? 1 : 0;
        }

        return $" {count}";
    }

    private static byte[] Make(StoreImage image, out SimulatedProcess process)
    {
        process = image.Start();
        StateStore store = StoreImage.Open(process);
        store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        var backups = new BackupDirectory(Path, StoreImage.OptionsOf(process));
        BackupResult made = backups.CreateAsync(StoreImage.Layout).GetAwaiter().GetResult();
        return process.FileSystem.Files.File.ReadAllBytes($"{made.Backup.Path}/{BackupManifest.FileName}");
    }
}
