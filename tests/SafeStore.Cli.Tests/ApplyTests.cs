using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests;

public sealed class ApplyTests : IDisposable
{
    private readonly StoreFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_bad_line_is_an_error_line_and_the_next_one_goes_on()
    {
        ToolResult result = await _fixture.ApplyAsync(StoreFixture.CreateSandbox, "not json", "  ", """{"sandbox":"sb-1","ops":["""
            + """{"delete":"state.json"}]}""");

        Assert.Equal(2, result.Code);
        Assert.Equal(3, result.Lines.Count);
        Assert.Equal("""{"lsn":1}""", result.Lines[0]);
        Assert.Equal("bad-request", CodeOf(result.Lines[1]));
        Assert.Equal("""{"lsn":2}""", result.Lines[2]);
    }

    [Fact]
    public async Task A_sandbox_in_which_something_is_in_the_way_is_removed()
    {
        await _fixture.ApplyAsync("""{"sandbox":"sb-1","ops":[{"createSandbox":true},{"put":"a.json","root":"config","value":1}]}""");
        const string put = """{"sandbox":"sb-1","ops":[{"put":"a.json","root":"config","value":2}]}""";
        MakeImmutable("+i", Path.Combine(_fixture.Store, "config/sb-1/a.json"));
        try
        {
            ToolResult result = await _fixture.ApplyAsync(put, put, """{"sandbox":"sb-1","ops":[{"removeSandbox":true}]}""");

            Assert.Equal("not-published", CodeOf(result.Lines[0]));
            Assert.Equal("storage", CodeOf(result.Lines[1]));
            Assert.Equal("""{"lsn":3}""", result.Lines[2]);
            Assert.False(Directory.Exists(Path.Combine(_fixture.Store, "config/sb-1")));
        }
        finally
        {
            MakeImmutable("-i", "-R", _fixture.Store);
        }
    }

    [Fact]
    public async Task Every_operation_of_the_format_does_what_it_says_and_values_keep_their_bytes()
    {
        ToolResult applied = await _fixture.ApplyAsync(
            """{"sandbox":"sb-1","ops":[{"createSandbox":true},{"createContainer":"web"},{"put":"a.json","root":"config","value":"""
                + """{"x": [1,  2.50]}}]}""",
            """{"ops":[{"value":"\u00e9","container":"web","put":"s.json"},{"delete":"a.json","root":"config"},"""
                + """{"createContainer":"c2"}],"sandbox":"sb-1"}""",
            """{"sandbox":"sb-1","require":2,"ops":[{"removeContainer":"c2"},{"put":"b.json","container":null,"value":  7 }]}""",
            """{"sandboxes":[{"sandbox":"sb-2","ops":[{"createSandbox":true},{"put":"b.json","value":null}]},"""
                + """{"sandbox":"sb-1","ops":[{"delete":"b.json"}],"require":3}]}""",
            """{"sandbox":"sb-3","ops":[{"createSandbox":true}]}""",
            """{"sandbox":"sb-3","ops":[{"removeSandbox":true}]}""");
        ToolResult dump = await _fixture.DumpAsync();

        Assert.Equal(Enumerable.Range(1, 6).Select(static lsn => $"{{\"lsn\":{lsn}}}"), applied.Lines);
        Assert.Equal(0, dump.Code);
        Assert.Equal(
            [
                """{"sandbox":"sb-1","container":"web","root":"run","file":"s.json","value":"\u00e9"}""",
                """{"sandbox":"sb-2","container":null,"root":"run","file":"b.json","value":null}""",
            ],
            dump.Lines);
        Assert.Equal(
            "\"\\u00e9\"",
            await File.ReadAllTextAsync(
                Path.Combine(_fixture.Store, "run/sb-1/web/s.json"), TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(Path.Combine(_fixture.Store, "run/sb-3")));
    }

    [Fact]
    public async Task A_transaction_over_several_sandboxes_happens_in_all_or_in_none()
    {
        ToolResult result = await _fixture.ApplyAsync(
            StoreFixture.CreateSandbox,
            """{"sandboxes":[{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":1}}]},{"sandbox":"sb-2","ops":["""
                + """{"put":"x","value":1}]}]}""");

        Assert.Equal("not-found", CodeOf(result.Lines[1]));
        Assert.Contains("\"value\":{\"n\":0}", Assert.Single((await _fixture.DumpAsync()).Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"sandbox":"sb-1","ops":[{"createSandbox":true}]}""", "exists")]
    [InlineData("""{"sandbox":"sb-9","ops":[]}""", "not-found")]
    [InlineData("""{"sandbox":"sb-1","ops":[],"require":9}""", "version-conflict")]
    [InlineData("""{"sandbox":"../sb-1","ops":[]}""", "bad-request")]
    [InlineData("""{"sandbox":"sb-1","ops":[{"put":"lock","value":1}]}""", "bad-request")]
    [InlineData("""{"sandbox":"sb-1","ops":[{"put":"a","value":{"x":1,"x":2}}]}""", "bad-request")]
    [InlineData("""{"sandbox":"sb-1","ops":[{"removeSandbox":true},{"put":"a","value":1}]}""", "bad-request")]
    [InlineData("""{"sandbox":"sb-1","ops":[{"put":"a","container":"no","value":1}]}""", "not-found")]
    public async Task A_refused_transaction_has_the_code_of_its_reason(string line, string code)
    {
        ToolResult result = await _fixture.ApplyAsync(StoreFixture.CreateSandbox, line);

        Assert.Equal(code, CodeOf(result.Lines[1]));
    }

    [Fact]
    public async Task Fail_fast_ends_after_the_first_line_that_is_refused()
    {
        using ToolProcess tool = ToolProcess.Start("apply", "--store", _fixture.Store, "--fail-fast");
        await tool.SendAsync(StoreFixture.CreateSandbox);
        Assert.Equal("""{"lsn":1}""", await tool.ReadLineAsync());
        await tool.SendAsync("not json");

        Assert.Equal("bad-request", CodeOf(await tool.ReadLineAsync())); // the input is still open
        Assert.Equal((2, ""), (await tool.WaitAsync(), await tool.Errors));
    }

    [Theory]
    [InlineData("--existing")]
    [InlineData("--existing --dry-run")]
    public async Task An_existing_store_is_opened_and_where_there_is_none_none_is_made(string options)
    {
        string[] command = ["apply", "--store", _fixture.Store, .. options.Split(' ')];
        ToolResult refused = await ToolProcess.RunAsync(command, StoreFixture.CreateSandbox + "\n");

        Assert.Equal((1, 0), (refused.Code, refused.Lines.Count));
        Assert.Contains("whether its disk is mounted", refused.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_fixture.Store));

        Assert.Equal(0, (await _fixture.ApplyAsync()).Code);
        Assert.Equal(0, (await ToolProcess.RunAsync(command, StoreFixture.CreateSandbox + "\n")).Code);
    }

    [Fact]
    public async Task A_dry_run_answers_as_the_store_would_and_writes_nothing()
    {
        string[] lines =
        [
            StoreFixture.CreateSandbox,
            """{"sandbox":"sb-1","ops":[{"createContainer":"web"},{"put":"a.json","container":"web","value":1}]}""",
            """{"sandbox":"sb-1","ops":[{"createContainer":"web"}]}""",
            """{"sandbox":"sb-1","require":1,"ops":[{"removeContainer":"web"}]}""",
            """{"sandbox":"sb-2","ops":[]}""",
            """{"sandbox":"sb-1","ops":[{"removeSandbox":true}]}""",
            """{"sandbox":"../x","ops":[]}""",
        ];
        string input = string.Join('\n', lines);

        ToolResult none = await ToolProcess.RunAsync(["apply", "--store", _fixture.Store, "--dry-run"], input);
        Assert.False(Directory.Exists(_fixture.Store));
        await _fixture.ApplyAsync(StoreFixture.CreateSandbox);
        ToolResult there = await ToolProcess.RunAsync(["apply", "--store", _fixture.Store, "--dry-run"], string.Join('\n', lines[1..]));
        ToolResult old = await ToolProcess.RunAsync(
            ["apply", "--store", _fixture.Store, "--dry-run"], """{"sandbox":"sb-1","require":7,"ops":[]}""");

        Assert.Equal((2, 2, 2), (none.Code, there.Code, old.Code));
        string[] expected = ["dryRun", "dryRun", "exists", "dryRun", "not-found", "dryRun", "bad-request"];
        Assert.Equal(expected, none.Lines.Select(KindOf));
        Assert.Equal(expected[1..], there.Lines.Select(KindOf));
        Assert.Equal("version-conflict", KindOf(Assert.Single(old.Lines)));
        Assert.Single((await _fixture.DumpAsync()).Lines);
    }

    [Fact]
    public async Task An_answer_comes_while_the_input_is_still_open()
    {
        using ToolProcess tool = ToolProcess.Start("apply", "--store", _fixture.Store);
        await tool.SendAsync(StoreFixture.CreateSandbox);
        Assert.Equal("""{"lsn":1}""", await tool.ReadLineAsync());
        await tool.SendAsync("""{"sandbox":"sb-1","ops":[{"put":"state.json","value":2}]}""");
        Assert.Equal("""{"lsn":2}""", await tool.ReadLineAsync());
        tool.Input.Close();
        Assert.Equal(0, await tool.WaitAsync());
    }

    [Fact]
    public async Task In_parallel_every_line_is_answered_by_its_number_and_a_sandbox_keeps_its_order()
    {
        const int Sandboxes = 8;
        const int Rounds = 25;
        string create = string.Concat(
            Enumerable.Range(0, Sandboxes).Select(static s => $"{{\"sandbox\":\"sb-{s}\",\"ops\":[{{\"createSandbox\":true}}]}}\n"));
        string puts = string.Concat(Enumerable.Range(0, Rounds * Sandboxes).Select(
            static i => $"{{\"sandbox\":\"sb-{i % Sandboxes}\",\"ops\":[{{\"put\":\"n\",\"value\":{i}}}]}}\n"));

        ToolResult result = await ToolProcess.RunAsync(["apply", "--store", _fixture.Store, "--parallel", "4"], create + "junk\n" + puts);

        Assert.Equal(2, result.Code);
        JsonElement[] answers =
        [
            .. result.Lines.Select(static line => JsonElement.Parse(line))
                .OrderBy(static answer => answer.GetProperty("line").GetInt64()),
        ];
        Assert.Equal(
            Enumerable.Range(1, Sandboxes + 1 + (Rounds * Sandboxes)),
            answers.Select(static answer => answer.GetProperty("line").GetInt32()));
        Assert.Equal(
            "bad-request",
            Assert.Single(answers, static answer => answer.TryGetProperty("code", out _)).GetProperty("code").GetString());
        Assert.Equal(
            Enumerable.Range(0, Sandboxes).Select(static s => $"\"value\":{((Rounds - 1) * Sandboxes) + s}}}"),
            (await _fixture.DumpAsync()).Lines.Select(static line => line[line.IndexOf("\"value\"", StringComparison.Ordinal)..]));
    }

    [Fact]
    public async Task What_was_acknowledged_before_a_kill_is_there_after_it()
    {
        int acknowledged = 0;
        using (ToolProcess tool = ToolProcess.Start("apply", "--store", _fixture.Store))
        {
            await tool.SendAsync(StoreFixture.CreateSandbox);
            for (int n = 1; n <= 400; n++)
            {
                await tool.Input.WriteLineAsync(
                    ($"{{\"sandbox\":\"sb-1\",\"ops\":[{{\"put\":\"state.json\",\"value\":{{\"n\":{n}}}}},"
                    + $"{{\"put\":\"config.json\",\"root\":\"config\",\"value\":{{\"n\":{n}}}}}]}}").AsMemory(),
                    TestContext.Current.CancellationToken);
            }

            await tool.Input.FlushAsync(TestContext.Current.CancellationToken);
            for (; acknowledged < 100; acknowledged++)
            {
                await tool.ReadLineAsync();
            }

            tool.Process.Kill();
            while (await tool.Output.ReadLineAsync(TestContext.Current.CancellationToken) is not null)
            {
                acknowledged++;
            }
        }

        await _fixture.ApplyAsync(); // finishes what the kill has cut short
        long[] found =
        [
            .. (await _fixture.DumpAsync()).Lines
                .Select(static line => JsonElement.Parse(line).GetProperty("value").GetProperty("n").GetInt64()),
        ];
        Assert.Equal(2, found.Length);
        Assert.Equal(found[0], found[1]);
        Assert.True(found[0] >= acknowledged - 1, $"{acknowledged - 1} acknowledged, {found[0]} found");
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public async Task A_signal_ends_it_after_the_commits_under_way(string signal, int code)
    {
        using ToolProcess tool = ToolProcess.Start("apply", "--store", _fixture.Store);
        await tool.SendAsync(StoreFixture.CreateSandbox);
        await tool.ReadLineAsync();
        using (Process kill = Process.Start("kill", ["-" + signal, tool.Process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(code, await tool.WaitAsync());
        Assert.Empty(await tool.Errors);
    }

    [Fact]
    public async Task A_signal_amid_commits_lets_the_one_under_way_be_answered_and_none_half_done()
    {
        int answered = 0;
        using (ToolProcess tool = ToolProcess.Start("apply", "--store", _fixture.Store))
        {
            await tool.SendAsync(StoreFixture.CreateSandbox);
            for (int n = 1; n <= 400; n++)
            {
                await tool.Input.WriteLineAsync(
                    ($"{{\"sandbox\":\"sb-1\",\"ops\":[{{\"put\":\"state.json\",\"value\":{{\"n\":{n}}}}},"
                    + $"{{\"put\":\"config.json\",\"root\":\"config\",\"value\":{{\"n\":{n}}}}}]}}").AsMemory(),
                    TestContext.Current.CancellationToken);
            }

            await tool.Input.FlushAsync(TestContext.Current.CancellationToken); // and is left open: only the signal ends it
            for (; answered < 100; answered++)
            {
                Assert.Contains("lsn", await tool.ReadLineAsync(), StringComparison.Ordinal);
            }

            using (Process kill = Process.Start("kill", ["-TERM", tool.Process.Id.ToString(CultureInfo.InvariantCulture)]))
            {
                await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            }

            while (await tool.Output.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            {
                answered += line.Contains("\"lsn\"", StringComparison.Ordinal) ? 1 : 0;
            }

            Assert.Equal(143, await tool.WaitAsync());
        }

        await _fixture.ApplyAsync(); // finishes what the kill has cut short
        long[] found =
        [
            .. (await _fixture.DumpAsync()).Lines
                .Select(static line => JsonElement.Parse(line).GetProperty("value").GetProperty("n").GetInt64()),
        ];
        Assert.Equal([answered - 1, answered - 1], found); // the first answer was the creation's
    }

    [Fact]
    public async Task It_says_what_is_committed_and_not_told_when_no_process_reads_the_answers()
    {
        using ToolProcess tool = ToolProcess.Start("apply", "--store", _fixture.Store);
        await tool.SendAsync(StoreFixture.CreateSandbox);
        await tool.ReadLineAsync();
        tool.Output.Close();
        await tool.SendAsync("""{"sandbox":"sb-1","ops":[{"put":"state.json","value":1}]}""");

        Assert.Equal(141, await tool.WaitAsync());
        Assert.StartsWith("safestore: Committed and not told: LSN 2. ", await tool.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_cannot_be_opened_is_one_message_and_exit_code_1()
    {
        Directory.CreateDirectory(_fixture.Store);
        await File.WriteAllTextAsync(Path.Combine(_fixture.Store, "config"), "a file", TestContext.Current.CancellationToken);

        ToolResult result = await _fixture.ApplyAsync(StoreFixture.CreateSandbox);

        Assert.Equal(1, result.Code);
        Assert.Empty(result.Lines);
        Assert.StartsWith("safestore: ", result.Errors, StringComparison.Ordinal);
    }

    private static void MakeImmutable(params string[] arguments)
    {
        using Process chattr = Process.Start(new ProcessStartInfo("chattr", arguments) { RedirectStandardError = true })!;
        _ = chattr.StandardError.ReadToEnd();
        chattr.WaitForExit();
    }

    private static string? KindOf(string answer) => answer == """{"dryRun":true}""" ? "dryRun" : CodeOf(answer);

    private static string? CodeOf(string answer) => JsonElement.Parse(answer).GetProperty("code").GetString();
}
