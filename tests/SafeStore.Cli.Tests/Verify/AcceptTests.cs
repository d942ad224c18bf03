using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using SafeStore.Cli.Tests.Look;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Verify;

/// <summary>Documents that another program has edited are accepted, and nothing else is.</summary>
public sealed class AcceptTests : IDisposable
{
    private static readonly DocumentId s_document = new("sb", null, StoreRoot.Run, "state.json");

    private readonly string _temp = Directory.CreateDirectory(StampedFiles.NewPath()).FullName;

    private StoreLayout Layout => StoreLayout.At(_temp);

    private string PathOfDocument => Path.Combine(_temp, "run/sb/state.json");

    public void Dispose() => Directory.Delete(_temp, recursive: true);

    [Fact]
    public async Task An_edit_is_stamped_with_its_very_bytes_and_only_once()
    {
        StampedFiles.SkipIfThereAreNone();
        await using StateStore store = await SeedAsync();
        await WriteAsync(" { \"n\" : 2 }\n");

        AcceptedDocument first = await store.AcceptAsync(s_document);
        AcceptedDocument second = await store.AcceptAsync(s_document);

        Assert.Equal(new AcceptedDocument(s_document, StampCondition.Edited, new Lsn(2)), first);
        Assert.Equal(new AcceptedDocument(s_document, StampCondition.Holds, null), second);
        Assert.Equal(" { \"n\" : 2 }\n", await File.ReadAllTextAsync(PathOfDocument, TestContext.Current.CancellationToken));
        Assert.Equal(new Lsn(2), store.ReadVersioned(s_document)!.Version);
        Assert.Empty(DamageScene.Verify(_temp));
    }

    [Fact]
    public async Task A_file_without_a_stamp_gets_one()
    {
        StampedFiles.SkipIfThereAreNone();
        await using StateStore store = await SeedAsync();
        File.Delete(PathOfDocument);
        await WriteAsync("3");

        Assert.Equal(StampCondition.None, (await store.AcceptAsync(s_document)).Before);
        Assert.Equal(new Lsn(2), store.ReadVersioned(s_document)!.Version);
    }

    [Fact]
    public async Task What_is_damaged_is_accepted_only_when_that_is_said()
    {
        StampedFiles.SkipIfThereAreNone();
        await using StateStore store = await SeedAsync();
        Damage.Write(PathOfDocument, "{\"n\":9}"u8.ToArray());

        DocumentStampException refusal = await Assert.ThrowsAsync<DocumentStampException>(() => store.AcceptAsync(s_document));
        Assert.EndsWith("safestore verify --accept --even-damaged.", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("damaged", Assert.Single(DamageScene.Verify(_temp)).Code);

        Assert.Equal(StampCondition.Damaged, (await store.AcceptAsync(s_document, evenDamaged: true)).Before);
        Assert.Empty(DamageScene.Verify(_temp));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("{\"n\":1,\"n\":2}")]
    public async Task What_the_store_would_not_write_is_not_accepted(string text)
    {
        await using StateStore store = await SeedAsync();
        await WriteAsync(text);

        _ = await Assert.ThrowsAsync<DocumentCorruptException>(() => store.AcceptAsync(s_document, evenDamaged: true));
        Assert.Equal(text, await File.ReadAllTextAsync(PathOfDocument, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_does_not_exist_is_not_accepted()
    {
        await using StateStore store = await SeedAsync();
        DocumentId[] missing = [new("sb", null, StoreRoot.Config, "state.json"), new("other", null, StoreRoot.Run, "state.json")];

        foreach (DocumentId document in missing)
        {
            _ = await Assert.ThrowsAsync<NotFoundException>(() => store.AcceptAsync(document));
        }
    }

    [Fact]
    public async Task The_command_says_what_it_did_and_the_dry_run_does_nothing()
    {
        using var scene = new LookScene();
        await scene.SeedAsync();
        StampedFiles.SkipIfThereAreNone(scene.Store);
        await File.WriteAllTextAsync(scene.PathOf("run/sb-1/state.json"), "[7]", TestContext.Current.CancellationToken);
        Damage.Write(scene.PathOf("run/sb-2/state.json"), "{\"n\": 8}"u8.ToArray());
        string[] both = ["--accept", "sb-1/state.json", "sb-2/state.json"];

        ToolResult refused = await scene.RunAsync("verify", both);
        ToolResult dry = await scene.RunAsync("verify --dry-run --even-damaged", both);
        Assert.Equal(2, (await scene.RunAsync("verify")).Code);
        ToolResult done = await scene.RunAsync("verify --json --even-damaged", both);
        ToolResult again = await scene.RunAsync("verify", both);

        Assert.Equal((1, 0), (refused.Code, refused.Lines.Count));
        Assert.Contains("it is damaged", refused.Errors, StringComparison.Ordinal);
        Assert.Equal((0, ""), (dry.Code, dry.Errors));
        Assert.Equal(
            ["run:sb-1/state.json would be accepted: another program had edited it",
                "run:sb-2/state.json would be accepted: it was damaged, as far as its stamp tells"], dry.Lines);
        Assert.Equal((0, ""), (done.Code, done.Errors));
        Assert.Equal(["edited", "damaged"], done.Lines.Select(static line => JsonElement.Parse(line).GetProperty("before").GetString()));
        Assert.Equal(
            "root,sandbox,container,file,before,lsn,dryRun",
            string.Join(',', JsonElement.Parse(done.Lines[0]).EnumerateObject().Select(static each => each.Name)));
        Assert.Equal(
            ["run:sb-1/state.json left alone: its stamp holds", "run:sb-2/state.json left alone: its stamp holds"], again.Lines);
        Assert.Equal(0, (await scene.RunAsync("verify")).Code);
    }

    private async Task<StateStore> SeedAsync()
    {
        StateStore store = await StateStore.OpenAsync(Layout, DamageScene.Options);
        await using SandboxLock held = await store.LockNewAsync("sb");
        _ = await held.Change().PutJson(StoreRoot.Run, null, "state.json", "{\"n\":1}"u8).CommitAsync();
        return store;
    }

    private Task WriteAsync(string text) => File.WriteAllTextAsync(PathOfDocument, text, TestContext.Current.CancellationToken);
}
