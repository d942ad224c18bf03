using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Spectre.Console;

namespace SafeStore.Cli.Demo;

/// <summary>Draws the demo: a progress bar and a table on a terminal, plain lines in a file or pipe.</summary>
internal sealed class DemoReport(IAnsiConsole console, bool isPlain)
{
    public void Begin(string place, int kills, int writers, int seed)
    {
        Line($"Store: {place}");
        Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{writers} writer processes, {kills} kills, seed {seed} (repeat the choices with --seed {seed})"));
    }

    public async Task WithProgressAsync(int kills, Func<Action<int>, Task> work)
    {
        if (isPlain)
        {
            int shown = 0;
            await work(done =>
            {
                if (done / 10 > shown / 10 || done >= kills)
                {
                    shown = done;
                    Line(string.Create(CultureInfo.InvariantCulture, $"{done}/{kills} killed, checked"));
                }
            });
            return;
        }

        await console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new SpinnerColumn())
            .StartAsync(async context =>
        {
            ProgressTask bar = context.AddTask("kill, lock, check", maxValue: kills);
            await work(done => bar.Value = done);
        });
    }

    public void End(StoreLayout layout, DemoResult result, long commits, TimeSpan time)
    {
        (string What, long Count)[] rows =
        [
            ("commits acknowledged", commits), ("kills", result.Kills), ("recoveries after all had died", result.Recoveries),
                ("checks of all sandboxes", result.Checks),
            ("rolled forward", result.RolledForward), ("rolled back", result.RolledBack),
            ("torn", result.TornCount), ("lost", result.LostCount), ("stray temp files", result.StrayCount),
        ];
        if (isPlain)
        {
            foreach ((string what, long count) in rows)
            {
                Line(string.Create(CultureInfo.InvariantCulture, $"{what,-30} {count,8}"));
            }
        }
        else
        {
            var table = new Table().AddColumn("what").AddColumn(new TableColumn("count").RightAligned());
            foreach ((string what, long count) in rows)
            {
                table.AddRow(what, count.ToString(CultureInfo.InvariantCulture));
            }

            console.Write(table);
        }

        foreach (string finding in result.Findings)
        {
            Line(finding);
        }

        string sandbox =
            Path.GetFileName(
            Directory.EnumerateDirectories(layout.Run).Where(static path => !Path.GetFileName(path).StartsWith('.'))
            .Order(StringComparer.Ordinal).First());
        Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{(result.IsClean ? "All well" : "NOT well")} after {time.TotalSeconds:F1} s. Look for yourself:"));
        Line($"  find {Path.GetDirectoryName(layout.Run)} -name '*.json'");
        Line($"  cat {layout.Run}/{sandbox}/state.json");
    }

    /// <summary>One line, never wrapped or coloured: it is to be copied.</summary>
    private void Line(string text) => console.Profile.Out.Writer.WriteLine(text);
}
