using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using Spectre.Console;

namespace SafeStore.Cli.Look;

/// <summary>
/// The one look of what the commands that look print for eyes: tables, trees, and values with their names. In a file or pipe, and with
/// NO_COLOR, there are no colours; in a file or pipe no line is wrapped either.
/// </summary>
internal sealed class TextOutput
{
    private const int Unlimited = 1 << 20;

    private static readonly Style s_plain = Style.Plain;
    private static readonly Style s_heading = new(decoration: Decoration.Bold);
    private static readonly Style s_wrong = new(Color.Red);

    private readonly StringBuilder _text = new();
    private readonly IAnsiConsole _console;

    public TextOutput()
    {
        bool isColoured = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isColoured ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = isColoured ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(new StringWriter(_text, Culture) { NewLine = "\n" }),
        });
        _console.Profile.Capabilities.Unicode = true;
        _console.Profile.Height = Unlimited;
        _console.Profile.Width = TerminalSize.Columns(1) is var columns and > 0 ? columns : Unlimited;
    }

    public static CultureInfo Culture => CultureInfo.InvariantCulture;

    public static string Shown(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static string Shown(Lsn? lsn) => lsn?.ToString() ?? "-";

    public static string Shown(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";

    /// <summary>A word of an enumeration as --json writes it.</summary>
    public static string Shown<T>(T word)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(word.ToString());

    /// <summary>What a document says must not steer the terminal, or look like another line.</summary>
    /// <summary>A number of things: <c>1 file</c>, <c>2 files</c>.</summary>
    public static string Counted(long count, string one, string many) => $"{count} {(count == 1 ? one : many)}";

    public static string Harmless(string text) => !text.Any(char.IsControl) ? text
        : string.Concat(text.Select(static each => char.IsControl(each) ? $"\\u{(int)each:x4}" : each.ToString()));

    /// <summary>Lines as they are, never wrapped: they are to be copied.</summary>
    public void Lines(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            _text.Append(Harmless(line)).Append('\n');
        }
    }

    /// <summary>Rows below headings; a heading that begins with '#' is of numbers.</summary>
    public void Table(string[] headings, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.None };
        foreach (string heading in headings)
        {
            bool isNumber = heading.StartsWith('#');
            table.AddColumn(new TableColumn(new Text(heading.TrimStart('#'), s_heading))
            {
                Alignment = isNumber ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, 2, 0),
            });
        }

        foreach (string[] row in rows)
        {
            table.AddRow(row.Select(static cell => new Text(Harmless(cell), s_plain)));
        }

        _console.Write(table);
    }

    /// <summary>Names and values, one pair a line.</summary>
    public void Pairs(IEnumerable<(string Name, string Value)> pairs)
    {
        var grid = new Grid();
        grid.AddColumn(new GridColumn { Padding = new Padding(0, 0, 2, 0), NoWrap = true });
        grid.AddColumn(new GridColumn { Padding = new Padding(0, 0, 0, 0) });
        foreach ((string name, string value) in pairs)
        {
            grid.AddRow(new Text(name, s_heading), new Text(Harmless(value), name == "problem" ? s_wrong : s_plain));
        }

        _console.Write(grid);
    }

    /// <summary>A tree with its branches.</summary>
    public void Tree(TextBranch root)
    {
        var tree = new Tree(new Text(root.Text, s_heading));
        Add(tree, root);
        _console.Write(tree);
    }

    public async Task WriteAsync(Stream output)
    {
        IEnumerable<string> lines = _text.ToString().TrimEnd('\n').Split('\n').Select(static line => line.TrimEnd());
        string all = _text.Length == 0 ? "" : string.Join('\n', lines) + "\n";
        await output.WriteAsync(Encoding.UTF8.GetBytes(all), CancellationToken.None);
        await output.FlushAsync(CancellationToken.None);
    }

    private static void Add(IHasTreeNodes parent, TextBranch branch)
    {
        foreach (TextBranch each in branch.Branches)
        {
            Add(parent.AddNode(new Text(Harmless(each.Text), s_plain)), each);
        }
    }
}

/// <summary>A node of a tree that is printed.</summary>
internal sealed record TextBranch(string Text, IReadOnlyList<TextBranch> Branches);
