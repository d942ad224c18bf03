using System.Collections.Generic;
using System.IO;
using System.IO.Pipelines;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Cli.Apply;
using Xunit;

namespace SafeStore.Cli.Tests;

public sealed class LineReaderTests
{
    [Fact]
    public async Task Lines_are_numbered_and_the_last_needs_no_line_feed()
    {
        List<InputLine> lines = await ReadAsync("one\n\n \t\r\ntwo", lineBytesMax: 100);

        Assert.Equal(
            [(1, "one", false), (2, "", true), (3, " \t\r", true), (4, "two", false)],
            lines.Select(static line => (line.Number, Encoding.UTF8.GetString(line.Bytes.Span), line.IsBlank)));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(70_000)]
    [InlineData(500_000)]
    public async Task A_line_over_the_limit_is_skipped_and_the_next_one_is_whole(int length)
    {
        List<InputLine> lines = await ReadAsync(new string('x', length) + "\nnext\n", lineBytesMax: 99);

        Assert.Equal([true, false], lines.Select(static line => line.IsTooLong));
        Assert.Equal("next", Encoding.UTF8.GetString(lines[1].Bytes.Span));
    }

    [Fact]
    public async Task A_line_longer_than_the_buffer_is_whole()
    {
        string text = string.Concat(Enumerable.Range(0, 100_000));
        List<InputLine> lines = await ReadAsync($"a\n{text}\nb\n", lineBytesMax: 1_000_000);

        Assert.Equal(["a", text, "b"], lines.Select(static line => Encoding.UTF8.GetString(line.Bytes.Span)));
    }

    /// <summary>As from a pipe.</summary>
    [Fact]
    public async Task A_line_that_comes_in_parts_is_whole()
    {
        var pipe = new Pipe();
        var reader = new LineReader(pipe.Reader.AsStream(), lineBytesMax: 5);
        ValueTask<InputLine?> first = reader.ReadAsync(TestContext.Current.CancellationToken);
        foreach (string part in (string[])["o", "ne", "\nto", "o lon", "g\nlast"])
        {
            await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(part), TestContext.Current.CancellationToken);
        }

        await pipe.Writer.CompleteAsync();
        InputLine? one = await first;
        InputLine? tooLong = await reader.ReadAsync(TestContext.Current.CancellationToken);
        InputLine? last = await reader.ReadAsync(TestContext.Current.CancellationToken);

        Assert.Equal(("one", true, "last"), (Text(one), tooLong!.IsTooLong, Text(last)));
        Assert.Null(await reader.ReadAsync(TestContext.Current.CancellationToken));
    }

    private static string Text(InputLine? line) => Encoding.UTF8.GetString(line!.Bytes.Span);

    private static async Task<List<InputLine>> ReadAsync(string text, int lineBytesMax)
    {
        var reader = new LineReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), lineBytesMax);
        var lines = new List<InputLine>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }
}
