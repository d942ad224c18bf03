using System;
using System.Globalization;
using System.Linq;
using SafeStore.Commit;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Repair;

/// <summary>Tells what is given up with a transaction of a sandbox, and how the documents stand to it.</summary>
internal sealed class LostPlan(StoreOptions options, ViewedRoot[] roots)
{
    private readonly IDurableFileSystem _fs = options.FileSystemInUse;

    public string Tell(SandboxPlan plan)
    {
        string kind = plan.Kind switch
        {
            PlanKind.Create => "its creation is given up. ",
            PlanKind.Remove => "its removal is given up. ",
            _ => "",
        };
        return kind + string.Join("; ", plan.Puts.Select(put => $"{Shown(put.Key)} {Compare(plan.Sandbox, put)}")
            .Concat(plan.Deletes.Select(static key => $"the deletion of {Shown(key)} is given up")));
    }

    private string Compare(string sandbox, DocumentPut put)
    {
        if (roots[(int)put.Key.Root].Directory is not { } directory)
        {
            return "cannot be read";
        }

        string path = put.Key.Container is null ? $"{sandbox}/{put.Key.File}" : $"{sandbox}/{put.Key.Container}/{put.Key.File}";
        Errno errno = WholeFile.Read(_fs, directory, path, options.DocumentBytesMax, out byte[] rented, out int length);
        if (errno != Errno.None)
        {
            return errno == Errno.NotFound ? "is missing" : string.Create(CultureInfo.InvariantCulture, $"cannot be read ({errno})");
        }

        bool isThis = put.Content.Span.SequenceEqual(rented.AsSpan(0, length));
        System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        return isThis ? "has what this transaction wrote: newer than what stays" : "is older than this transaction, or newer";
    }

    public static string Shown(DocumentKey key) =>
        $"{(key.Root == StoreRoot.Config ? "config" : "run")}:{(key.Container is null ? "" : key.Container + "/")}{key.File}";
}
