using System;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Documents;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Fault 36: twice the input costs twice as much, in what is allocated, not four times.</summary>
public sealed class GrowthTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Containers_of_one_transaction_cost_as_much_as_there_are_many()
    {
        await using StateStore store = await _test.OpenAsync();
        await using SandboxLock held = await store.LockNewAsync("sb");
        AssertLinear(2000, count =>
        {
            SandboxChange change = held.Change();
            for (int i = 0; i < count; i++)
            {
                _ = change.CreateContainer(Name(i)).PutText(StoreRoot.Run, Name(i), "a.json", "1");
            }

            for (int i = 0; i < count; i++)
            {
                _ = change.RemoveContainer(Name(i));
            }

            Assert.Empty(change.ToPlan().Puts);
        });
    }

    [Fact]
    public void Long_property_names_with_escapes_are_decoded_once_each() => AssertLinear(16, static count =>
    {
        string[] members = [.. Enumerable.Range(0, count).Select(static i => $"\"\\u0061{Name(i)}{new string('x', 100_000)}\":1")];
        Assert.Null(JsonRules.FindFaultStrictly(Encoding.UTF8.GetBytes($"{{{string.Join(',', members)}}}")));
    });

    [Fact]
    public void A_name_with_an_escape_and_the_same_without_are_one() =>
        Assert.NotNull(JsonRules.FindFaultStrictly("""{"a":1,"b":2,"\u0061":3}"""u8));

    private static string Name(int number) => "c" + number.ToString(CultureInfo.InvariantCulture);

    private static void AssertLinear(int count, Action<int> work)
    {
        long Allocated(int many)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work(many);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        _ = Allocated(count);
        long once = Allocated(count);
        long twice = Allocated(2 * count);
        Assert.True(twice < 3 * once, $"{once} bytes for {count}, {twice} for twice as many");
    }
}
