using System.Collections.Generic;
using System.Linq;
using SafeStore.Operations;

namespace SafeStore.Cli.Look;

/// <summary>What a transaction does to a sandbox, for eyes.</summary>
internal static class OperationText
{
    public static IEnumerable<string> Of(
        LoggedKind kind, IEnumerable<string> removed, IEnumerable<string> created, IEnumerable<DocumentId> deletes,
        IEnumerable<(DocumentId Document, long Bytes)> puts) =>
    [
        .. kind == LoggedKind.Update ? [] : new[] { TextOutput.Shown(kind) },
        .. removed.Select(static container => $"remove {container}/"),
        .. created.Select(static container => $"create {container}/"),
        .. deletes.Select(static document => $"delete {PathOf(document)}"),
        .. puts.Select(static put => $"put {PathOf(put.Document)} ({TextOutput.Shown(put.Bytes)})"),
    ];

    private static string PathOf(DocumentId document) =>
        $"{TextOutput.Shown(document.Root)}:{(document.Container is null ? "" : document.Container + "/")}{document.File}";
}
