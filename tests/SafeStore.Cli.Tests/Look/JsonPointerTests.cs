using System;
using System.Text;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary>RFC 6901, with the examples of its section 5.</summary>
public sealed class JsonPointerTests
{
    private const string Document = """
        { "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8 }
        """;

    [Theory]
    [InlineData("/foo", """["bar", "baz"]""")]
    [InlineData("/foo/0", "\"bar\"")]
    [InlineData("/foo/1", "\"baz\"")]
    [InlineData("/", "0")]
    [InlineData("/a~1b", "1")]
    [InlineData("/c%d", "2")]
    [InlineData("/e^f", "3")]
    [InlineData("/g|h", "4")]
    [InlineData("/i\\j", "5")]
    [InlineData("/k\"l", "6")]
    [InlineData("/ ", "7")]
    [InlineData("/m~0n", "8")]
    public void A_pointer_finds_the_bytes_of_its_value(string path, string value) => Assert.Equal(value, Find(Document, path));

    [Fact]
    public void The_empty_pointer_finds_the_whole() => Assert.Equal(Document.Trim(), Find(Document, ""));

    [Theory]
    [InlineData("/fo")]
    [InlineData("/foo/2")]
    [InlineData("/foo/00")]
    [InlineData("/foo/-")]
    [InlineData("/foo/-1")]
    [InlineData("/foo/+1")]
    [InlineData("/foo/")]
    [InlineData("/foo/0/bar")]
    [InlineData("/a~1b/x")]
    [InlineData("//")]
    public void A_pointer_to_nothing_finds_nothing(string path) => Assert.Null(Find(Document, path));

    [Theory]
    [InlineData("foo")]
    [InlineData("/~")]
    [InlineData("/a~2b")]
    [InlineData("/~0~")]
    public void What_is_no_pointer_is_refused(string path) => Assert.Throws<ArgumentException>(() => JsonPointer.Parse(path));

    [Fact]
    public void A_step_that_spells_an_escape_is_not_read_twice() => Assert.Equal("1", Find("""{"~1":1,"/":2}""", "/~01"));

    private static string? Find(string json, string path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        return JsonPointer.Parse(path).Find(bytes) is { } range ? Encoding.UTF8.GetString(bytes[range]) : null;
    }
}
