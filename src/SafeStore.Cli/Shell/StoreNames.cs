using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Completions;
using System.Linq;
using SafeStore.Operations;

namespace SafeStore.Cli.Shell;

/// <summary>Names in the store of a command line that is being typed. Where it names no store that can be read there are none.</summary>
internal static class StoreNames
{
    public static IEnumerable<CompletionItem> Sandboxes(CompletionContext typed) =>
        Read(typed, static view => view.ListSandboxes());

    /// <summary>Sandboxes with a slash behind them, and once there is one: the documents of that sandbox.</summary>
    public static IEnumerable<CompletionItem> Documents(CompletionContext typed) => Read(typed, view =>
        typed.WordToComplete.Split('/') is [{ Length: > 0 } sandbox, _, ..] && view.ListSandboxes().Contains(sandbox)
            ? view.ReadSandbox(sandbox).Documents.Select(static each => PathOf(each.Document)).Distinct()
            : view.ListSandboxes().Select(static each => $"{each}/"));

    private static CompletionItem[] Read(CompletionContext typed, Func<StoreView, IEnumerable<string>> names)
    {
        try
        {
            ParseResult line = typed.ParseResult;
            using StoreView view = StoreView.Open(StoreArguments.LayoutOf(
                line.GetValue<string>("--store"), line.GetValue<string>("--config"), line.GetValue<string>("--run")));
            return [.. names(view).Select(static name => new CompletionItem(name))];
        }
        catch (Exception failure) when (failure is SafeStoreException or ArgumentException or InvalidOperationException)
        {
            return [];
        }
    }

    private static string PathOf(DocumentId document) => document.Container is null
        ? $"{document.Sandbox}/{document.File}"
        : $"{document.Sandbox}/{document.Container}/{document.File}";
}
