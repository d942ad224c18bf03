using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Documentation;
using SafeStore.Operations;
using SafeStore.Operations.Repair;
using SafeStore.Operations.Verify;
using Xunit;

namespace SafeStore.Cli.Tests.Verify;

/// <summary>Each kind of finding, by what a shell does to a good store.</summary>
public sealed class FindingTests : IDisposable
{
    private readonly string _temp = Directory.CreateDirectory(StampedFiles.NewPath()).FullName;

    private string Store => Path.Combine(_temp, "store");

    public void Dispose() => Directory.Delete(_temp, recursive: true);

    [Theory]
    [InlineData("corrupt", "echo > run/sb-1/state.json")]
    [InlineData("too-large", "head -c 2000000 /dev/zero > run/sb-1/state.json")]
    [InlineData("symbolic-link", "ln -s state.json run/sb-1/link.json")]
    [InlineData("symbolic-link", "ln -s sb-1 run/sb-3")]
    [InlineData("special-file", "mkfifo run/sb-1/pipe")]
    [InlineData("stray", "echo > run/sb-1/.hidden")]
    [InlineData("stray", "mkdir run/sb-2/web/deep")]
    [InlineData("stray", "echo > config/sb-2/lock")]
    [InlineData("stray", "echo > config/file")]
    [InlineData("hard-link", "ln run/sb-1/state.json link")]
    [InlineData("hard-link", "ln run/sb-1/lock link")]
    [InlineData("hard-link", "ln config/.safestore/store.json link")]
    [InlineData("mode", "chmod o+w run/sb-1/state.json")]
    [InlineData("mode", "chmod u-r run/sb-1/state.json")]
    [InlineData("mode", "chmod g+r config/.safestore/store.json")]
    [InlineData("mode", "chmod g+w config/.safestore")]
    [InlineData("lock-word", "echo > run/sb-1/lock")]
    [InlineData("metadata", "rm config/.safestore/store.json")]
    [InlineData("metadata", "rm run/.safestore/root.json")]
    [InlineData("store-id", "cp config/.safestore/root.json run/.safestore/root.json")]
    [InlineData("watermark", "rm config/.safestore/watermark.0")]
    [InlineData("watermark", ": > run/.safestore/watermark.1")]
    [InlineData("words", ": > run/.safestore/words")]
    [InlineData("log-corrupt", "truncate --size=4096 config/.safestore/log/0*.log")]
    [InlineData("format", "sed -i s/2,/3,/ config/.safestore/root.json")]
    [InlineData("not-found", "rm -r run")]
    public async Task What_is_wrong_is_found(string code, string command)
    {
        await SeedAsync();
        Run(command);

        AssertFound(code, FindingLevel.Problem);
    }

    [Theory]
    [InlineData("lock-missing", "rm run/sb-1/lock")]
    [InlineData("lock-empty", ": > run/sb-1/lock")]
    [InlineData("foreign", "mkdir run/lost+found")]
    [InlineData("left-behind", "mkdir run/.safestore/scratch/0123456789abcdef; echo > run/.safestore/scratch/0123456789abcdef/staged")]
    [InlineData("left-behind", "mkdir config/.safestore/parked; echo > config/.safestore/parked/sb-1")]
    [InlineData("overruled", "mkdir -p run/.safestore/overruled/sb-1; echo > run/.safestore/overruled/sb-1/state.json.0123456789abcdef")]
    public async Task What_is_worth_knowing_is_a_note(string code, string command)
    {
        await SeedAsync();
        Run(command);

        AssertFound(code, FindingLevel.Note);
    }

    [Theory]
    [InlineData("edited", FindingLevel.Problem, "echo 1 > run/sb-1/state.json; touch -d '+1 second' run/sb-1/state.json")]
    [InlineData("edited", FindingLevel.Problem, "echo 12 > run/sb-1/state.json; touch -d 2020-01-01 run/sb-1/state.json")]
    [InlineData("damaged", FindingLevel.Problem, "printf [] > run/sb-1/state.json; touch -d 2020-01-01 run/sb-1/state.json")]
    [InlineData("edited", FindingLevel.Problem, "cp run/sb-1/state.json n; touch -d '+1 second' n; mv n run/sb-1/state.json")]
    [InlineData("edited", FindingLevel.Problem, "echo 1 > run/sb-1/new.json; touch -d '+1 second' run/sb-1/new.json")]
    [InlineData("unstamped", FindingLevel.Note, "cp run/sb-1/state.json n; touch -d 2020-01-01 n; mv n run/sb-1/state.json")]
    public async Task A_document_that_no_transaction_wrote_is_told(string code, FindingLevel level, string command)
    {
        StampedFiles.SkipIfThereAreNone();
        await SeedAsync();
        Run(command);

        AssertFound(code, level);
    }

    [Theory]
    [InlineData("rm config/.safestore/watermark.0")]
    [InlineData("rm run/.safestore/watermark.1")]
    [InlineData("truncate --size=5 config/.safestore/watermark.0")]
    [InlineData("truncate --size=5 config/.safestore/watermark.1")]
    [InlineData("truncate --size=5 run/.safestore/watermark.0")]
    [InlineData("truncate --size=5 run/.safestore/watermark.1")]
    [InlineData("truncate --size=4096 */.safestore/watermark.?")]
    [InlineData(": > run/.safestore/words")]
    [InlineData("echo > run/sb-1/lock")]
    [InlineData(": > run/sb-1/lock")]
    [InlineData("rm run/sb-1/lock")]
    [InlineData("mkdir run/.safestore/scratch/0123456789abcdef; echo > run/.safestore/scratch/0123456789abcdef/staged")]
    [InlineData("mkdir config/.safestore/parked; echo > config/.safestore/parked/sb-1")]
    public async Task What_an_opening_and_a_lock_are_said_to_mend_they_mend(string command)
    {
        await SeedAsync();
        await (await StateStore.OpenAsync(StoreLayout.At(Store), DamageScene.Options)).DisposeAsync();
        Run(command);
        Assert.NotEmpty(DamageScene.Verify(Store));

        try
        {
            await LockAsync();
        }
        catch (StoreMetadataException) // the newer watermark was lost, and the older one tells of another life
        {
            _ = StoreRepair.Repair(StoreLayout.At(Store), RepairActions.AcceptRoots, DamageScene.Options);
            await LockAsync();
        }

        Assert.Empty(DamageScene.Verify(Store));
    }

    [Fact]
    public async Task A_document_that_is_no_JSON_after_an_edit_is_one_finding()
    {
        StampedFiles.SkipIfThereAreNone();
        await SeedAsync();
        Run("echo no > run/sb-1/state.json");

        Finding finding = Assert.Single(DamageScene.Verify(Store));
        Assert.Equal("corrupt", finding.Code);
        Assert.Contains("(another program has edited it since LSN 1)", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_another_user_is_found()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Another user needs root.");
        await SeedAsync();
        Run("chown 65534 run/sb-1/state.json");

        AssertFound("owner", FindingLevel.Problem);
    }

    [Fact]
    public async Task A_root_of_another_time_is_found()
    {
        await SeedAsync();
        Run("cp -a run old");
        await (await StateStore.OpenAsync(StoreLayout.At(Store), DamageScene.Options)).DisposeAsync();
        Run("rm -r run; mv old run");

        AssertFound("roots-differ", FindingLevel.Problem);
    }

    [Fact]
    public void The_page_tells_every_code()
    {
        string page = string.Join('\n', Repository.LinesOf("docs/verify.md"));

        Assert.All(FindingKind.All, kind => Assert.Contains($"`{kind.Code}`", page, StringComparison.Ordinal));
    }

    private async Task LockAsync()
    {
        await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(Store), DamageScene.Options);
        await using SandboxLock held = await store.LockAsync("sb-1");
    }

    private async Task SeedAsync()
    {
        await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(Store), DamageScene.Options);
        foreach (string sandbox in new[] { "sb-1", "sb-2" })
        {
            await using SandboxLock held = await store.LockNewAsync(sandbox);
            _ = await held.Change().CreateContainer("web").PutJson(StoreRoot.Run, null, "state.json", "{}"u8).CommitAsync();
        }
    }

    private void AssertFound(string code, FindingLevel level)
    {
        IReadOnlyList<Finding> findings = DamageScene.Verify(Store);

        Assert.Contains((level, code), findings.Select(static each => (each.Level, each.Code)));
        Assert.All(findings, each => Assert.StartsWith(Store, each.Path, StringComparison.Ordinal));
        Assert.True(level == FindingLevel.Problem || findings.All(static each => each.Level == FindingLevel.Note), findings[0].Message);
    }

    /// <summary>In the store's directory.</summary>
    private void Run(string command)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-ec", command]) { WorkingDirectory = Store })!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
