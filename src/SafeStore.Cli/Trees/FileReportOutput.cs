using System;
using System.Buffers;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Kata;

namespace SafeStore.Cli.Trees;

/// <summary>Reports of files for eyes and for scripts, as they come (docs/cli-kata.md, "Reports of files").</summary>
internal sealed class FileReportOutput(Stream output, Ending ending, bool isJson, bool isDryRun)
{
    private readonly SortedDictionary<FileOutcome, int> _counts = [];
    private int _findings;

    public static Option<bool> Option() =>
        new("--json") { Description = "One JSON object per file and one at the end instead of a table." };

    /// <summary>Writes all reports and their totals to standard output.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> WriteAsync(IAsyncEnumerable<FileReport> reports, bool isJson, bool isDryRun, Ending ending)
    {
        await using Stream output = StandardOutput.Open();
        return await new FileReportOutput(output, ending, isJson, isDryRun).WriteAsync(reports);
    }

    private async Task<int> WriteAsync(IAsyncEnumerable<FileReport> reports)
    {
        await foreach (FileReport report in reports.WithCancellation(ending.Token))
        {
            _counts[report.Outcome] = _counts.GetValueOrDefault(report.Outcome) + 1;
            _findings += report.IsFinding ? 1 : 0;
            ending.Change = isDryRun ? null : $"It is done up to '{PathOf(report)}'.";
            if ((isJson ? ToJson(report) : ToLines(report)) is { Length: > 0 } lines)
            {
                await WriteAsync(lines);
            }
        }

        ending.Change = isDryRun || _counts.Count == 0 ? null : "All is done.";

        await WriteAsync(isJson ? ToJson() : ToTotals());
        await output.FlushAsync(CancellationToken.None);
        return _findings == 0 ? ExitCode.Ok : ExitCode.Findings;
    }

    private ValueTask WriteAsync(byte[] bytes) => output.WriteAsync(bytes, CancellationToken.None);

    /// <summary>What is as it should be has no line, but in a dry run, which is there to be read.</summary>
    private byte[] ToLines(FileReport report)
    {
        var text = new StringBuilder();
        if (report.IsFinding || isDryRun)
        {
            Append(text, NameOf(report.Outcome), report, report.Reason);
        }

        foreach (string note in report.Notes)
        {
            Append(text, "note", report, note);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Append(StringBuilder text, string what, FileReport report, string? reason)
    {
        string size = report.Bytes is { } bytes ? string.Create(CultureInfo.InvariantCulture, $" ({bytes} bytes)") : "";
        string line = $"{what,-13}  {PathOf(report)}{size}{(reason is null ? "" : ": " + reason)}";
        // Names and texts of files may come from any program: none may steer the terminal.
        text.Append(string.Concat(line.Select(static character => char.IsControl(character) ? '?' : character))).Append('\n');
    }

    private static string PathOf(FileReport report) =>
        RootOf(report) + ":"
            + string.Join('/', new[] { report.Sandbox, report.Container, report.File }.Where(static part => part is not null));

    private byte[] ToTotals()
    {
        int files = _counts.Values.Sum();
        string counts = string.Join(
            ", ", _counts.Select(static pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Value} {NameOf(pair.Key)}")));
        string findings = _findings == 0 ? "Nothing is wrong." : "Findings are listed above.";
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{files} files{(files == 0 ? "" : ": ")}{counts}. {findings}"
            + $"{(isDryRun ? " This was a dry run: nothing was written." : "")}\n"));
    }

    private byte[] ToJson() => ToJson(writer =>
    {
        writer.WriteStartObject("total"u8);
        foreach ((FileOutcome outcome, int count) in _counts)
        {
            writer.WriteNumber(NameOf(outcome), count);
        }

        writer.WriteEndObject();
        writer.WriteNumber("findings"u8, _findings);
        writer.WriteBoolean("dryRun"u8, isDryRun);
    });

    private static byte[] ToJson(FileReport report) => ToJson(writer =>
    {
        writer.WriteString("root"u8, RootOf(report));
        writer.WriteString("sandbox"u8, report.Sandbox);
        writer.WriteString("container"u8, report.Container);
        writer.WriteString("file"u8, report.File);
        if (report.Bytes is { } bytes)
        {
            writer.WriteNumber("bytes"u8, bytes);
        }
        else
        {
            writer.WriteNull("bytes"u8);
        }

        writer.WriteString("kind"u8, report.Kind);
        writer.WriteString("outcome"u8, NameOf(report.Outcome));
        writer.WriteString("reason"u8, report.Reason);
        writer.WriteStartArray("notes"u8);
        foreach (string note in report.Notes)
        {
            writer.WriteStringValue(note);
        }

        writer.WriteEndArray();
    });

    private static byte[] ToJson(Action<Utf8JsonWriter> members)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }

    private static string RootOf(FileReport report) => report.Root == StoreRoot.Config ? "config" : "run";

    private static string NameOf(FileOutcome outcome) => outcome switch
    {
        FileOutcome.Imported => "imported",
        FileOutcome.Adopted => "adopted",
        FileOutcome.Exported => "exported",
        FileOutcome.Ok => "ok",
        FileOutcome.UnknownKind => "unknown-kind",
        FileOutcome.Unchanged => "unchanged",
        FileOutcome.Ignored => "ignored",
        FileOutcome.Differs => "differs",
        FileOutcome.Damaged => "damaged",
        FileOutcome.TooLarge => "too-large",
        FileOutcome.SymbolicLink => "symbolic-link",
        FileOutcome.OddName => "odd-name",
        FileOutcome.Unreadable => "unreadable",
        FileOutcome.Quarantined => "quarantined",
        FileOutcome.LeftOut => "left-out",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };
}
