using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.Operations;
using SafeStore.Operations.Repair;
using SafeStore.Testing;

namespace SafeStore.Fuzzing.Targets;

/// <summary>A file of a store: the store is looked at, verified, examined for a repair, opened, used and closed with it.</summary>
/// <param name="name">The target's name.</param>
/// <param name="image">The store.</param>
/// <param name="path">The file, or the beginning of its path.</param>
/// <param name="seal">Makes its checksums right.</param>
internal sealed class StoreFileTarget(string name, StoreImage image, string path, Action<byte[]> seal) : IFuzzTarget
{
    private readonly string _path = Find(image, path);

    public string Name => name;

    public IReadOnlyList<byte[]> Seeds { get; } = [Read(image, Find(image, path))];

    public void Seal(byte[] input) => seal(input);

    public string Run(byte[] input)
    {
        SimulatedProcess process = image.Start();
        process.FileSystem.Files.File.WriteAllBytes(_path, input);
        SortedDictionary<string, string> bystander = StoreImage.Documents(process, StoreImage.Bystander);
        SortedDictionary<string, string> all = All(process);
        var told = new List<string> { Told(() => Look(process)), Told(() => LookOnly(process)) };
        MustBe(all, All(process), "a look has changed documents");
        string opened = Told(() => StoreImage.Open(process), out StateStore? store);
        told.Add(opened);
        if (store is null)
        {
            MustBe(all, All(process), $"a refused opening has changed documents ({opened})");
        }
        else
        {
            told.Add(Told(() => Use(store)));
            told.Add(Told(() => store.DisposeAsync().AsTask().GetAwaiter().GetResult()));
        }

        if (name is not ("log" or "parked"))
        {
            // What the log and parked records say is what the store believes: by them any document may be written.
            MustBe(bystander, StoreImage.Documents(process, StoreImage.Bystander), "another sandbox has lost a document");
        }

        return string.Join(' ', told);
    }

    private static SortedDictionary<string, string> All(SimulatedProcess process)
    {
        SortedDictionary<string, string> all = StoreImage.Documents(process, "");
        foreach (string key in all.Keys.Where(static key => key.Contains(".safestore", StringComparison.Ordinal)).ToList())
        {
            all.Remove(key);
        }

        return all;
    }

    private static void MustBe(SortedDictionary<string, string> before, SortedDictionary<string, string> after, string otherwise)
    {
        if (!before.SequenceEqual(after))
        {
            throw new FuzzViolationException(otherwise);
        }
    }

    private static void Look(SimulatedProcess process)
    {
        using var view = StoreView.Open(StoreImage.Layout, StoreImage.OptionsOf(process));
        _ = view.Verify(new VerifyOptions { Parallel = 1 }).Count();
        _ = view.ReadReport();
        _ = Told(() => _ = view.ReadLog().Count());
        foreach (string sandbox in view.ListSandboxes())
        {
            _ = view.ReadSandbox(sandbox);
            _ = Told(() => _ = view.ReadDocument(new DocumentId(sandbox, null, StoreRoot.Run, "state.json")));
        }

        _ = StoreRepair.Examine(StoreImage.Layout, StoreImage.OptionsOf(process));
    }

    private static void LookOnly(SimulatedProcess process)
    {
        StateStore store = StoreImage.Open(process, StoreOpening.ReadOnly);
        foreach (string sandbox in store.ListSandboxes())
        {
            _ = store.ReadAllJson(sandbox).Count();
        }

        store.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static void Use(StateStore store)
    {
        foreach (string sandbox in store.ListSandboxes().Where(static each => each != StoreImage.Bystander))
        {
            _ = store.ReadAllJson(sandbox).Count();
            using SandboxLock held = store.LockAsync(sandbox).AsTask().GetAwaiter().GetResult();
            SandboxChange change = held.Change();
            change.PutJson(StoreRoot.Run, null, "state.json", "5"u8.ToArray());
            _ = change.CommitAsync().AsTask().GetAwaiter().GetResult();
        }

        _ = store.CheckpointAsync().AsTask().GetAwaiter().GetResult();
    }

    private static string Told(Action action) => Told<object?>(
        () =>
        {
            action();
            return null;
        },
        out _);

    private static string Told<T>(Func<T> action, out T? result)
    {
        result = default;
        try
        {
            result = action();
            return "done";
        }
        catch (SafeStoreException failure)
        {
            return failure.Code;
        }
        catch (Exception failure) when (failure is not FuzzViolationException)
        {
            throw new FuzzViolationException($"It threw {failure.GetType().Name}: {failure.Message}", failure);
        }
    }

    private static string Find(StoreImage image, string start)
    {
        System.IO.Abstractions.IFileSystem files = image.Start().FileSystem.Files;
        return files.File.Exists(start) ? start
            : files.Directory.EnumerateFiles(start[..start.LastIndexOf('/')]).Order(StringComparer.Ordinal)
                .Last(file => file.StartsWith(start, StringComparison.Ordinal));
    }

    private static byte[] Read(StoreImage image, string file) => image.Start().FileSystem.Files.File.ReadAllBytes(file);
}
