using System;
using System.Collections.Immutable;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using SafeStore.Testing;
using SafeStore.Testing.Recipes;

namespace SafeStore.Cli.Torture.Picture;

/// <summary>The report as one HTML file that asks for no other: strips and counts stand in it, its script shows the rest.</summary>
internal sealed class PicturePage(ImmutableArray<RecipeStrip> strips, PersistenceProfile profile, ulong seed)
{
    private readonly StringBuilder _text = new();

    public override string ToString()
    {
        _text.Clear();
        Add($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>SafeStore: the power is cut after every call</title>
            <style>
            {Resource("picture.css")}</style>
            </head>
            <body>
            <main>
            <h1>The power is cut after every call</h1>
            <p>Five ways to save the same two changes of a sandbox with two containers: {Encoded(SampleSandbox.Versions[1].Text)};
            {Encoded(SampleSandbox.Versions[2].Text)}. Each cell is a call. In it or just after it the process is killed, or the power is
            cut, in all ways that a simulated disk (<code>{Encoded(profile.Name)}</code>) allows, or in some where there are many. Then the
            program starts again and reads. The cell shows the worst that it finds.</p>
            <noscript><p class="soft">With scripts, a click on a cell shows the calls and what is found.</p></noscript>
            <ul class="legend">
            {Legend(Verdict.Whole, "all old or all new")}
            {Legend(Verdict.Half, "half: some new, others old")}
            {Legend(Verdict.Lost, "lost: acknowledged and gone")}
            {Legend(Verdict.Torn, "torn: empty, cut off or garbage")}
            <li><span class="done">✓</span>acknowledged</li>
            </ul>
            """);
        foreach ((int index, RecipeStrip strip) in strips.Index())
        {
            AddStrip(index, strip);
        }

        AddCounts();
        Add($"""
            <footer><p>Made by <code>safestore torture --html FILE --on {Encoded(profile.Name)} --seed {seed}</code>: nothing but
            SafeStore's own simulation of the disk. The states counted are different from each other.</p></footer>
            </main>
            <script type="application/json" id="data">{RecipeData.ToJson(strips)}</script>
            <script>
            {Resource("picture.js")}</script>
            </body>
            </html>
            """);
        return _text.ToString();
    }

    private void AddStrip(int index, RecipeStrip strip)
    {
        int bad = strip.Cells.Count(static cell => cell.Worst != Verdict.Whole);
        string sum = bad == 0 ? "whole after every call" : $"not whole after {bad} of {strip.Cells.Length} calls";
        Add($"""
            <section aria-labelledby="recipe{index}">
            <header><h2 id="recipe{index}">{Encoded(strip.Recipe.Name)}</h2> <span class="soft">{Encoded(strip.Recipe.Text)}</span>
            <b>{sum}</b></header>
            <div class="strip" role="group" aria-label="{Encoded(strip.Recipe.Name)}: its calls">
            """);
        foreach ((int number, RecipeCell cell) in strip.Cells.Index())
        {
            string label = Encoded($"Call {number + 1}, {CallText.Of(cell.Call)}: {NameOf(cell.Worst)}");
            string start = cell.IsAcknowledged ? "<span class=\"last\">" : "";
            Add($"""
                {start}<button type="button" class="cell {cell.Worst}" id="{index}.{number}" aria-pressed="false"
                aria-label="{label}" title="{label}">{SignOf(cell.Worst)}</button>
                """);
            if (cell.IsAcknowledged)
            {
                string done = Encoded(SampleSandbox.Versions[cell.Transaction].Text);
                Add($"""<span class="done" title="acknowledged: {done}">✓</span></span>""");
            }
        }

        Add($"""
            </div>
            <div class="panel" id="panel{index}" aria-live="polite" hidden></div>
            </section>
            """);
    }

    private void AddCounts()
    {
        Add($"""
            <section>
            <table class="counts">
            <caption>Calls after which a crash leaves…</caption>
            <thead><tr><th scope="col"></th><th scope="col">half</th><th scope="col">lost</th><th scope="col">torn</th>
            <th scope="col">calls</th><th scope="col">syncs</th><th scope="col">states</th></tr></thead>
            <tbody>
            """);
        foreach (RecipeStrip strip in strips)
        {
            Add($"""
                <tr><th scope="row">{Encoded(strip.Recipe.Name)}</th><td>{strip.CellsThatAre(Verdict.Half)}</td>
                <td>{strip.CellsThatAre(Verdict.Lost)}</td><td>{strip.CellsThatAre(Verdict.Torn)}</td><td>{strip.Cells.Length}</td>
                <td>{strip.Syncs}</td><td>{strip.States}</td></tr>
                """);
        }

        Add($"""
            </tbody>
            </table>
            </section>
            """);
    }

    private void Add(FormattableString text) => _text.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Legend(Verdict verdict, string text) =>
        $"""<li><span class="cell {verdict}" aria-hidden="true">{SignOf(verdict)}</span>{text}</li>""";

    private static string SignOf(Verdict verdict) => verdict switch
    {
        Verdict.Half => "½",
        Verdict.Lost => "–",
        Verdict.Torn => "×",
        _ => "",
    };

    private static string NameOf(Verdict verdict) => verdict.ToString().ToLowerInvariant();

    private static string Encoded(string text) => WebUtility.HtmlEncode(text);

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(PicturePage).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
