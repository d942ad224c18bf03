using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using FsCheck.Fluent;
using SafeStore.Documents;
using SafeStore.PropertyTests.Simulation;
using Xunit;

namespace SafeStore.PropertyTests.Sandboxes.Model;

public sealed class RealFileLaws : IAsyncLifetime
{
    private readonly TempDirectory _temp = new();
    private StateStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await StateStore.OpenAsync(StoreLayout.At(_temp.Path), new StoreOptions { DocumentBytesMax = 64 * 1024 });
        await using SandboxLock created = await _store.LockNewAsync(RealFile.Sandbox);
        await created.Change().CreateContainer(RealFile.Container).CommitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _temp.Dispose();
    }

    [Fact]
    public void A_real_file_with_members_shuffled_and_spelled_otherwise_is_read_as_the_same_value() => Laws.Check(
        from file in Gen.Elements(RealFile.All)
        from seed in Gen.Choose(0, int.MaxValue)
        select (file.Name, Json: new Respelling(new Random(seed)).Of(JsonElement.Parse(file.Json), file.Type), File: file),
        1000,
        static item =>
        {
            byte[] again = WriteBack(JsonSerializer.Deserialize(item.Json, item.File.Type), item.File);
            Assert.True(JsonElement.DeepEquals(JsonElement.Parse(item.File.Json), JsonElement.Parse(again)), item.Name);
        });

    [Fact]
    public void A_damaged_real_file_is_refused_or_nothing_of_it_is_lost()
    {
        var tally = new Tally();
        Laws.Check(
            from file in Gen.Elements(RealFile.All)
            from other in Gen.Elements(RealFile.All)
            from seed in Gen.Choose(0, int.MaxValue)
            select new Damaged(file, new Mutation(new Random(seed), file.Json, other.Json).Apply()),
            RealFile.All.Length * 200,
            damaged => tally.Add(Judge(damaged)));
        tally.Print("damaged files");
        Assert.True(tally["read"] > 0 && tally["corrupt"] > 0);
    }

    private string Judge(Damaged damaged)
    {
        Put(damaged.File.Kind, damaged.Json);
        object? value;
        try
        {
            value = damaged.File.ReadFrom(_store);
        }
        catch (DocumentCorruptException failure)
        {
            Assert.InRange(failure.Position, 0, damaged.Json.Length);
            return "corrupt";
        }
        catch (DocumentTooLargeException)
        {
            Assert.True(damaged.Json.Length > 64 * 1024);
            return "too large";
        }

        byte[] again = WriteBack(value, damaged.File);
        Losses.AssertNone(damaged.Json, again, damaged.File.Type);
        Assert.Null(JsonRules.FindFaultStrictly(again)?.Reason);
        return value is null ? "null" : "read";
    }

    private void Put(DocumentKind kind, byte[] json)
    {
        string root = kind.Root == StoreRoot.Config ? _store.Layout.Config : _store.Layout.Run;
        File.WriteAllBytes(
            Path.Join(root, RealFile.Sandbox, kind.Scope == DocumentScope.Container ? RealFile.Container : "", kind.File), json);
    }

    private static byte[] WriteBack(object? value, RealFile file) => JsonSerializer.SerializeToUtf8Bytes(value, file.Type);

    private sealed record Damaged(RealFile File, byte[] Json)
    {
        public override string ToString() => $"{File.Name}: {Encoding.UTF8.GetString(Json)}";
    }
}
