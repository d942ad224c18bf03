using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using FsCheck.Fluent;
using SafeStore.Documents;
using Xunit;

namespace SafeStore.PropertyTests;

public sealed class JsonLaws : IAsyncLifetime
{
    private static readonly DocumentId s_document = new("sb", null, StoreRoot.Run, "d.json");

    private readonly TempDirectory _temp = new();
    private StateStore _store = null!;
    private SandboxLock _held = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await StateStore.OpenAsync(StoreLayout.At(_temp.Path));
        _held = await _store.LockNewAsync("sb");
        await _held.Change().CommitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _held.DisposeAsync();
        await _store.DisposeAsync();
        _temp.Dispose();
    }

    [Fact]
    public void Any_json_value_without_duplicate_names_is_accepted_and_reads_back_byte_for_byte() => Laws.Check(JsonValue.Any, 200, value =>
    {
        byte[] json = Encoding.UTF8.GetBytes(value.Text);
        Commit(json);
        Assert.Equal(json, _store.ReadJson(s_document));
    });

    [Fact]
    public void A_name_that_an_object_has_twice_is_refused_at_any_depth_however_it_is_escaped() => Laws.Check(
        from value in JsonValue.WithProperty
        from which in Gen.Choose(0, 1_000_000)
        from name in Gen.Choose(0, 1_000_000)
        from escapes in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, 0xFFFF))
        select (value, which, name, escapes),
        1000,
        static item =>
        {
            JsonValue.Map[] maps = [.. item.value.Maps().Where(static map => map.Properties.Length > 0)];
            JsonValue.Map map = maps[item.which % maps.Length];
            JsonValue.Property twice = map.Properties[item.name % map.Properties.Length];
            Assert.Null(JsonRules.FindFaultStrictly(Encoding.UTF8.GetBytes(item.value.Text)));
            map.Extra = twice with { Quoted = JsonValue.Quote(twice.Name, item.escapes) };
            try
            {
                Assert.NotNull(JsonRules.FindFaultStrictly(Encoding.UTF8.GetBytes(item.value.Text)));
            }
            finally
            {
                map.Extra = null;
            }
        });

    [Fact]
    public void Depth_64_is_accepted_and_depth_65_refused_whatever_it_is_made_of() =>
        Laws.Check(Gens.ArrayOf(Gen.Choose(0, 1), 65, 65), 100, static kinds =>
    {
        for (int depth = 64; depth <= 65; depth++)
        {
            string text = string.Concat(kinds.Take(depth).Select(static kind => kind == 0 ? "[" : "{\"a\":")) + "1"
                + string.Concat(kinds.Take(depth).Reverse().Select(static kind => kind == 0 ? "]" : "}"));
            Assert.Equal(depth == 64, JsonRules.FindFaultStrictly(Encoding.UTF8.GetBytes(text)) is null);
            Assert.Equal(depth == 64, JsonRules.FindFault(Encoding.UTF8.GetBytes(text)) is null);
        }
    });

    [Fact]
    public void Arbitrary_bytes_are_judged_without_a_crash_and_what_may_be_written_may_be_read() => Laws.Check(
        from value in JsonValue.Any
        from place in Gen.Choose(0, 1_000_000)
        from noise in Gens.Bytes(0, 4)
        select (value, place, noise),
        3000,
        static item =>
        {
            byte[] json = Encoding.UTF8.GetBytes(item.value.Text);
            int start = item.place % json.Length;
            item.noise.AsSpan(0, Math.Min(item.noise.Length, json.Length - start)).CopyTo(json.AsSpan(start));
            JsonFault? write = JsonRules.FindFaultStrictly(json);
            JsonFault? read = JsonRules.FindFault(json);
            Assert.True(write is not null || read is null);
            Assert.InRange((write ?? read)?.Position ?? 0, 0, json.Length);
        });

    private void Commit(byte[] json) =>
        _held.Change().PutJson(StoreRoot.Run, null, "d.json", json).CommitAsync().AsTask().GetAwaiter().GetResult();
}
