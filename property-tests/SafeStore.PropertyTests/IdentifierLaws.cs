using System;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using SafeStore.Vocabulary;
using Xunit;

namespace SafeStore.PropertyTests;

public sealed partial class IdentifierLaws
{
    private static Gen<string> Strings { get; } = Gen.Frequency(
        (4, Gens.Id),
        (2, Gens.Id.Zip(
        Gen.Elements("\n", "/", "\0", "..", " ", "é", "А", "ｂ", "\u200b", "\r", "~", "", "-", ".lock"), static (id, tail) => id + tail)),
        (1, Gens.Id.Zip(Gen.Elements(".", "_", "-", "/", "\n", "\ufeff"), static (id, head) => head + id)),
        (2, Gen.Choose(0, 0x10FF).Select(static value => (char)value).ArrayOf(0, 5).Select(static text => new string(text))),
        (2, Gen.Choose(126, 130).SelectMany(static length => Gen.Elements('a', '-', '7').ArrayOf(length))
        .Select(static text => new string(text))),
        (1, Gen.Elements("lock", "Lock", "", ".", "..", "l", "con", ".safestore", "a/b", "-a")));

    [Fact]
    public void Any_string_names_a_sandbox_exactly_if_it_matches_the_expression_and_others_too_unless_it_is_lock() =>
        Laws.Check(Strings, 3000, static text =>
    {
        bool matches = Allowed().IsMatch(text);
        Assert.Equal(matches, Identifier.IsValid(text));
        Assert.Equal(matches, Accepts(() => Identifier.CheckSandbox(text, "id")));
        Assert.Equal(matches && text != "lock", Accepts(() => Identifier.CheckContainer(text, "id")));
        Assert.Equal(matches && text != "lock", Accepts(() => Identifier.CheckFile(text, "id")));
        Assert.Equal(matches, Accepts(() => new DocumentId(text, null, StoreRoot.Run, "x")));
    });

    private static bool Accepts(Func<object> check)
    {
        try
        {
            _ = check();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Allowed();
}
