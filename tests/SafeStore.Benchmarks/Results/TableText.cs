using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Spectre.Console;

namespace SafeStore.Benchmarks.Results;

/// <summary>Tables for people: on the console, and as Markdown.</summary>
internal static class TableText
{
    public static void Print(ResultTable result)
    {
        var table = new Table().Title($"{result.Workload}: {Markup.Escape(result.Title)}")
            .AddColumns([.. Headings(result).Select(Markup.Escape)]);
        foreach (ResultRow row in result.Rows.GroupBy(static row => row.Case).SelectMany(static rows => rows))
        {
            table.AddRow([.. result.TextsOf(row).Select(Markup.Escape)]);
        }

        AnsiConsole.Write(table);
    }

    public static string Markdown(ResultTable result)
    {
        var text = new StringBuilder($"### {result.Workload}: {result.Title}\n\n");
        string[] headings = [.. Headings(result)];
        AddLine(text, headings);
        AddLine(text, headings.Select(static (_, index) => index < 2 ? "---" : "---:"));
        string previous = "";
        foreach (ResultRow row in result.Rows.GroupBy(static row => row.Case).SelectMany(static rows => rows))
        {
            string[] texts = [.. result.TextsOf(row)];
            AddLine(text, row.Case == previous ? ["", .. texts[1..]] : texts);
            previous = row.Case;
        }

        return text.Append('\n').ToString();
    }

    private static IEnumerable<string> Headings(ResultTable result) =>
        ["case", "way", .. result.Metrics.Select(static metric => metric.Name), .. result.RatioNames];

    private static void AddLine(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(static cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
}
