using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Torture;

/// <summary>The report of <c>torture --html</c>, made by the tool and shown by a browser.</summary>
public sealed partial class PictureTests(Picture picture) : IClassFixture<Picture>
{
    private const int PhoneWidth = 360;

    [Fact]
    public void The_tool_says_nothing_when_it_has_written_the_page()
    {
        Assert.Equal(0, picture.Made.Code);
        Assert.Empty(picture.Made.Lines);
        Assert.Equal("", picture.Made.Errors);
    }

    [Fact]
    public void The_counts_stand_in_the_page_and_only_SafeStore_is_whole_after_every_call()
    {
        string[] rows = [.. CountRow().Matches(picture.Html).Select(static row => row.Value)];

        Assert.Equal(5, rows.Length);
        Assert.All(rows[..4], static row => Assert.DoesNotMatch("<td>0</td>\\s*<td>0</td><td>0</td>", row));
        Assert.Matches("SafeStore</th><td>0</td>\\s*<td>0</td><td>0</td>", rows[4]);
    }

    [Fact]
    public void A_cell_that_is_not_whole_has_a_sign_and_says_so_in_words()
    {
        string[] cells = [.. Cell().Matches(picture.Html).Select(static cell => cell.Value)];

        Assert.True(cells.Length > 100);
        Assert.All(cells, static cell => Assert.Contains(
            new[] { ("Whole", ""), ("Half", "½"), ("Lost", "–"), ("Torn", "×") },
            each => Regex.IsMatch(cell, $"cell {each.Item1}\"[^>]*: {each.Item1.ToLowerInvariant()}\"[^>]*>{each.Item2}</")));
    }

    [Fact]
    public void The_page_asks_for_nothing_else() =>
        Assert.DoesNotMatch("https?:|src=|href=|@import|url\\(", picture.Html);

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task A_click_on_a_cell_shows_the_calls_up_to_it_and_the_files_as_found(string scheme)
    {
        await using Browser browser = await Browser.StartAsync();
        await browser.OpenAsync(picture.File, PhoneWidth, scheme);

        await browser.ClickAsync("0.0");
        string first = await browser.TextAsync("#panel0");
        await browser.PressAsync("ArrowRight");
        string second = await browser.TextAsync("#panel0");
        await browser.ClickAsync("4.12");

        Assert.Contains("truncate state.json", first, StringComparison.Ordinal);
        Assert.DoesNotContain("write state.json", first, StringComparison.Ordinal);
        Assert.Contains("empty", first, StringComparison.Ordinal);
        Assert.Contains("write state.json, 19 bytes", second, StringComparison.Ordinal);
        string store = await browser.TextAsync("#panel4");
        Assert.Contains("fdatasync log/", store, StringComparison.Ordinal);
        Assert.Contains("""{"state":"running"}""", store, StringComparison.Ordinal);
        Assert.True((bool)(await browser.EvaluateAsync("document.getElementById('panel0').hidden"))!);
        Assert.True((bool)(await browser.EvaluateAsync($"document.documentElement.scrollWidth <= {PhoneWidth}"))!);
        Assert.Equal(scheme == "dark", (bool)(await browser.EvaluateAsync(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(part => part < 64)"))!);
    }

    [Theory]
    [InlineData("--rounds", "1")]
    [InlineData("--minutes", "1")]
    [InlineData("--workers", "1")]
    [InlineData("--thorough")]
    public async Task What_the_page_does_not_heed_is_refused_beside_it(params string[] option)
    {
        ToolResult result = await ToolProcess.RunAsync(["torture", "--html", "/dev/null", .. option]);

        Assert.Equal(64, result.Code);
        Assert.Contains($"{option[0]} does not go with --html.", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tmpfs")]
    [InlineData("ext4-ordered, run root on tmpfs")]
    public async Task A_machine_that_is_empty_after_a_power_loss_is_none_for_the_page(string machine)
    {
        ToolResult result = await ToolProcess.RunAsync(["torture", "--html", "/dev/null", "--on", machine]);

        Assert.Equal(1, result.Code);
        Assert.Contains(machine, result.Errors, StringComparison.Ordinal);
    }

    [GeneratedRegex("<tr><th scope=\"row\">.*?</tr>", RegexOptions.Singleline)]
    private static partial Regex CountRow();

    [GeneratedRegex("<button.*?</button>", RegexOptions.Singleline)]
    private static partial Regex Cell();
}

/// <summary>One page for all tests.</summary>
public sealed class Picture : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("safestore-picture-");

    public string File => Path.Combine(_directory.FullName, "picture.html");

    public ToolResult Made { get; private set; } = null!;

    public string Html { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Made = await ToolProcess.RunAsync(["torture", "--html", File]);
        Html = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return default;
    }
}
