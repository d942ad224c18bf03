using System;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Locking;

/// <summary>Which process holds one of the store's own locks: /proc/locks does not tell, and a time-out must.</summary>
public sealed class LockHoldersTests : IDisposable
{
    private readonly TestStore _test = new();
    private readonly ScriptedFileSystem _scripted = new();

    public LockHoldersTests() => _test.Options = _test.Options with { LockTimeout = StoreCalls.Once };

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData("the log's")]
    [InlineData("a name's")]
    [InlineData("the opening's")]
    public async Task A_time_out_names_the_pid_and_the_command_of_the_holder(string which)
    {
        await using StateStore other = await _test.OpenAsync();
        await other.CreateAsync("other");
        LockTimeoutException? failure = null;
        await using StateStore? store = which == "the opening's" ? null : await _test.OpenAsync(_scripted);
        if (store is null)
        {
            await other.DisposeAsync();
        }

        _scripted.Before = call =>
        {
            bool isHeld = which switch
            {
                "the log's" => call.IsAppend,
                "a name's" => call.Verb == nameof(IDurableFileSystem.MakeDirectory) && call.Path.EndsWith("/new/sb",
                    StringComparison.Ordinal),
                _ => call.Verb == nameof(IDurableFileSystem.SyncDirectory) && call.Path == _test.Layout.Config,
            };
            if (isHeld && failure is null)
            {
                failure = Record.Exception(() => TryAsync(other, which).GetAwaiter().GetResult()) as LockTimeoutException;
            }

            return Errno.None;
        };
        if (store is null)
        {
            await (await _test.OpenAsync(_scripted)).DisposeAsync();
        }
        else
        {
            await store.CreateAsync("sb");
        }

        _scripted.Before = null;
        Assert.NotNull(failure);
        LockHolder holder = Assert.Single(failure.Holders);
        Assert.Equal((Environment.ProcessId, new PosixFileSystem().CommandOf(Environment.ProcessId)), (holder.ProcessId, holder.Command));
        Assert.NotEmpty(holder.Command);
        Assert.Contains($"pid {Environment.ProcessId} ({holder.Command})", failure.Message, StringComparison.Ordinal);
    }

    private async Task TryAsync(StateStore other, string which)
    {
        if (which == "the log's")
        {
            await other.ChangeAsync("other", static change => change.PutText(StoreRoot.Run, null, "a.json", "1"));
        }
        else if (which == "a name's")
        {
            await other.CreateAsync("sb");
        }
        else
        {
            await (await _test.OpenAsync()).DisposeAsync();
        }
    }
}
