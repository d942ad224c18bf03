using System;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using SafeStore.Configuration;
using SafeStore.PropertyTests;
using Xunit;

namespace SafeStore.Adapters.Tests;

/// <summary>Sections as names of documents.</summary>
public sealed class SectionNameTests
{
    private static Gen<string> Sections { get; } = Gen.Frequency(
        (3, Texts(Gen.Elements(
            "a", "B", ":", "/", ".", "_", "-", " ", "7", "é", "İ", "ı", "ſ", "\u212A", "Ω", "ß", "😀", "\uD800", "\0", "\n"))),
        (1, Texts(Gen.Choose(0, 0xFFFF).Select(static value => ((char)value).ToString()))));

    [Theory]
    [InlineData("Smtp", "section.smtp.json")]
    [InlineData("Logging:LogLevel", "section.logging.loglevel.json")]
    [InlineData("a:b/c", "section.a.b_002fc.json")]
    [InlineData("a.b_c", "section.a_002eb_005fc.json")]
    [InlineData("é", "section._00c9.json")]
    public void A_section_has_a_document(string section, string file) => Assert.Equal(file, SectionName.ToFile(section));

    [Fact]
    public void Any_section_comes_back_from_its_document_whatever_the_case_of_its_letters() => Laws.Check(Sections, 5000, static section =>
    {
        string file = SectionName.ToFile(section);
        _ = new DocumentId("sandbox", null, StoreRoot.Config, file); // a name that the store takes
        Assert.Equal(section, SectionName.TryRead(file), StringComparer.OrdinalIgnoreCase);
    });

    [Fact]
    public void Two_sections_have_one_document_exactly_if_configuration_takes_them_for_the_same() => Laws.Check(
        Sections.Zip(Sections.SelectMany(static other => Gen.Elements(other, other.ToLowerInvariant(), other.ToUpperInvariant())))
            .Select(static pair => (One: pair.Item1, Other: pair.Item2)),
        3000,
        static pair =>
        {
            foreach ((string one, string other) in new[] { pair, (pair.Other.ToLowerInvariant(), pair.Other), (pair.One, pair.One + ":") })
            {
                Assert.Equal(
                    string.Equals(one, other, StringComparison.OrdinalIgnoreCase), SectionName.ToFile(one) == SectionName.ToFile(other));
            }
        });

    [Theory]
    [InlineData("section..json")]
    [InlineData("section.json")]
    [InlineData("smtp.json")]
    [InlineData("section.Smtp.json")]
    [InlineData("section.a_2f.json")]
    [InlineData("section.a_002Fb.json")]
    [InlineData("section.a_0061.json")]
    public void A_document_of_another_name_is_no_section(string file) => Assert.Null(SectionName.TryRead(file));

    [Fact]
    public void A_section_that_is_empty_or_too_long_is_refused()
    {
        Assert.Throws<ArgumentException>(() => SectionName.ToFile(""));
        Assert.Equal(128, SectionName.ToFile(new string('a', 115)).Length);
        var failure = Assert.Throws<ArgumentException>(() => SectionName.ToFile(string.Concat(Enumerable.Repeat("/", 30))));
        Assert.Contains("128 are allowed", failure.Message, StringComparison.Ordinal);
    }

    private static Gen<string> Texts(Gen<string> parts) =>
        Gen.Choose(1, 8).SelectMany(length => parts.ArrayOf(length)).Select(static each => string.Concat(each));
}
