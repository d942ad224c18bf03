using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Testing.Tests.Files;

public abstract class ContentsContract(FilesUnderTest under) : FilesContract(under)
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 100_000).Select(static number => (byte)(number * 7))];

    [Fact]
    public void Bytes_are_read_as_they_were_written()
    {
        File.WriteAllBytes(At("f"), Bytes);
        Assert.Equal(Bytes, File.ReadAllBytes(At("f")));

        File.WriteAllBytes(At("f"), Bytes.AsSpan(0, 10));
        Assert.Equal(Bytes[..10], File.ReadAllBytes(At("f")));

        File.AppendAllBytes(At("f"), [1, 2]);
        File.AppendAllBytes(At("f"), (ReadOnlySpan<byte>)[3]);
        Assert.Equal([.. Bytes[..10], 1, 2, 3], File.ReadAllBytes(At("f")));

        File.WriteAllBytes(At("f"), []);
        Assert.Empty(File.ReadAllBytes(At("f")));
    }

    [Fact]
    public async Task Bytes_are_read_and_written_asynchronously()
    {
        await File.WriteAllBytesAsync(At("f"), Bytes);
        await File.AppendAllBytesAsync(At("f"), Bytes.AsMemory(0, 3));
        byte[] longer = await File.ReadAllBytesAsync(At("f"));
        Assert.Equal([.. Bytes, .. Bytes[..3]], longer);
        await File.WriteAllBytesAsync(At("f"), Bytes.AsMemory(0, 3));
        await File.AppendAllBytesAsync(At("f"), new byte[] { 9 });
        byte[] shorter = await File.ReadAllBytesAsync(At("f"));
        Assert.Equal([.. Bytes[..3], 9], shorter);
    }

    [Fact]
    public void Text_is_utf8_without_a_mark()
    {
        string text = string.Concat(Enumerable.Repeat("żółw 🐢 ", 3000));
        File.WriteAllText(At("f"), text);
        Assert.Equal(Encoding.UTF8.GetBytes(text), File.ReadAllBytes(At("f")));
        Assert.Equal(text, File.ReadAllText(At("f")));

        File.WriteAllText(At("f"), "a");
        File.AppendAllText(At("f"), "b");
        File.AppendAllText(At("f"), "c".AsSpan());
        File.AppendAllText(At("f"), null);
        Assert.Equal("abc"u8, File.ReadAllBytes(At("f")));

        File.WriteAllText(At("f"), (string?)null);
        Assert.Equal("", File.ReadAllText(At("f")));
    }

    [Fact]
    public void Text_that_no_encoding_can_express_is_refused() =>
        Assert.Throws<EncoderFallbackException>(() => File.WriteAllText(At("f"), "\ud800x"));

    [Fact]
    public void An_encoding_with_a_mark_writes_it_once()
    {
        File.WriteAllText(At("f"), "a", Encoding.Unicode);
        File.AppendAllText(At("f"), "b", Encoding.Unicode);
        Assert.Equal([0xFF, 0xFE, (byte)'a', 0, (byte)'b', 0], File.ReadAllBytes(At("f")));
        Assert.Equal("ab", File.ReadAllText(At("f")));
        Assert.Equal("ab", File.ReadAllText(At("f"), Encoding.UTF8));

        File.WriteAllText(At("g"), "", Encoding.UTF8);
        Assert.Equal([0xEF, 0xBB, 0xBF], File.ReadAllBytes(At("g")));

        File.AppendAllText(At("h"), "x", Encoding.UTF8);
        Assert.Equal([0xEF, 0xBB, 0xBF, (byte)'x'], File.ReadAllBytes(At("h")));
    }

    [Fact]
    public void Lines_are_read_as_they_were_written()
    {
        File.WriteAllLines(At("f"), ["one", "two"]);
        File.AppendAllLines(At("f"), new List<string> { "", "four" });
        Assert.Equal("one\ntwo\n\nfour\n", File.ReadAllText(At("f")));
        Assert.Equal(["one", "two", "", "four"], File.ReadAllLines(At("f")));
        File.WriteAllLines(At("f"), Enumerable.Range(0, 5000).Select(static number => $"line {number}"), Encoding.Latin1);
        Assert.Equal(5000, File.ReadLines(At("f"), Encoding.Latin1).Count());
        File.WriteAllText(At("f"), "a\r\nb");
        Assert.Equal(["a", "b"], File.ReadAllLines(At("f")));
    }

    [Fact]
    public void Lines_are_read_while_they_are_asked_for_and_again_for_each_reading()
    {
        Given("f", "one\ntwo\n");
        IEnumerable<string> lines = File.ReadLines(At("f"));
        Assert.Equal("one", lines.First());
        Assert.Equal(["one", "two"], lines);
        Given("f", "three");
        Assert.Equal(["three"], lines);
    }

    [Fact]
    public void Lines_of_a_missing_file_fail_before_the_first_is_asked_for()
    {
        Assert.Throws<FileNotFoundException>(() => { _ = File.ReadLines(At("f")); });
        Assert.Throws<FileNotFoundException>(() => { _ = File.ReadLinesAsync(At("f")); });
    }

    [Fact]
    public async Task Text_and_lines_are_read_and_written_asynchronously()
    {
        await File.WriteAllTextAsync(At("f"), "a");
        await File.AppendAllTextAsync(At("f"), "b".AsMemory());
        await File.AppendAllTextAsync(At("f"), "c\n", Encoding.ASCII);
        await File.AppendAllLinesAsync(At("f"), ["d"]);
        Assert.Equal("abc\nd\n", await File.ReadAllTextAsync(At("f")));
        Assert.Equal(["abc", "d"], await File.ReadAllLinesAsync(At("f")));
        await File.WriteAllLinesAsync(At("f"), ["x", "y"]);
        List<string> lines = [];
        await foreach (string line in File.ReadLinesAsync(At("f")))
        {
            lines.Add(line);
        }

        Assert.Equal(["x", "y"], lines);
    }

    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        CancellationToken cancelled = new(canceled: true);
        Given("f");
        await FailsAsync<TaskCanceledException>(() => File.WriteAllTextAsync(At("f"), "x", cancelled));
        await FailsAsync<TaskCanceledException>(() => File.WriteAllBytesAsync(At("f"), Bytes, cancelled));
        await FailsAsync<TaskCanceledException>(() => File.ReadAllTextAsync(At("f"), cancelled));
        await FailsAsync<TaskCanceledException>(() => File.ReadAllBytesAsync(At("f"), cancelled));
        Assert.Equal("text", await File.ReadAllTextAsync(At("f")));
    }

    [Fact]
    public void Readers_and_writers_of_text_work_on_the_file()
    {
        using (StreamWriter writer = File.CreateText(At("f")))
        {
            writer.Write("one");
            writer.Flush();
            Assert.Equal("one", File.ReadAllText(At("f")));
            writer.Write("two");
        }

        using (StreamWriter writer = File.AppendText(At("f")))
        {
            writer.Write("three");
        }

        using StreamReader reader = File.OpenText(At("f"));
        Assert.Equal("onetwothree", reader.ReadToEnd());
    }

    [Fact]
    public void Reading_fails_as_paths_do()
    {
        FailsAsPathsDo(path => File.ReadAllText(path));
        FailsAsPathsDo(path => File.ReadAllBytes(path));
        FailsAsPathsDo(path => File.ReadAllLines(path));
        FailsAsPathsDo(path => File.OpenText(path));
        FailsAsPathsDo(path => File.OpenRead(path));
    }

    [Fact]
    public void Writing_fails_as_paths_do()
    {
        GivenDirectory("directory");
        Given("file");
        foreach (Action<string> write in new Action<string>[]
        {
            path => File.WriteAllText(path, "x"),
            path => File.WriteAllBytes(path, Bytes),
            path => File.WriteAllLines(path, ["x"]),
            path => File.AppendAllText(path, "x"),
            path => File.AppendAllBytes(path, Bytes),
            path => File.AppendAllLines(path, ["x"]),
            path => File.CreateText(path).Dispose(),
            path => File.Create(path).Dispose(),
            path => File.OpenWrite(path).Dispose(),
        })
        {
            Assert.Throws<DirectoryNotFoundException>(() => write(At("missing/file")));
            Assert.Throws<DirectoryNotFoundException>(() => write(At("file/file")));
            Assert.Throws<UnauthorizedAccessException>(() => write(At("directory")));
            Assert.Throws<UnauthorizedAccessException>(() => write(At("new/")));
            FailsAsNamesDo(write);
        }

        Assert.Equal("text", File.ReadAllText(At("file")));
    }

    [Fact]
    public async Task Asynchronous_calls_fail_as_the_others_do()
    {
        await FailsAsync<FileNotFoundException>(() => File.ReadAllTextAsync(At("missing")));
        await FailsAsync<FileNotFoundException>(() => File.ReadAllBytesAsync(At("missing")));
        await FailsAsync<FileNotFoundException>(() => File.ReadAllLinesAsync(At("missing")));
        await FailsAsync<DirectoryNotFoundException>(() => File.WriteAllTextAsync(At("missing/file"), "x"));
        await FailsAsync<DirectoryNotFoundException>(() => File.WriteAllBytesAsync(At("missing/file"), Bytes));
        await FailsAsync<DirectoryNotFoundException>(() => File.AppendAllLinesAsync(At("missing/file"), ["x"]));
        await FailsAsync<ArgumentNullException>(() => File.WriteAllTextAsync(null!, "x"));
        await FailsAsync<ArgumentException>(() => File.WriteAllTextAsync("", "x"));
    }

    [Fact]
    public void Missing_arguments_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => File.WriteAllBytes(At("f"), (byte[])null!));
        Assert.Throws<ArgumentNullException>(() => File.AppendAllBytes(At("f"), (byte[])null!));
        Assert.Throws<ArgumentNullException>(() => File.WriteAllLines(At("f"), (string[])null!));
        Assert.Throws<ArgumentNullException>(() => File.WriteAllText(At("f"), "x", null!));
        Assert.Throws<ArgumentNullException>(() => File.ReadAllText(At("f"), null!));
        Assert.False(File.Exists(At("f")));
    }
}

public sealed class HostContentsTests() : ContentsContract(FilesUnderTest.Host());

public sealed class SimulatedContentsTests() : ContentsContract(FilesUnderTest.Simulated());
