using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Locking;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Tests.Transactions;

public sealed class TrashTests : IDisposable
{
    private readonly TempDirectory _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task What_a_dead_process_had_removed_but_not_emptied_goes_with_the_next_lock_while_the_store_stays_open()
    {
        await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(_temp.Path), cancellationToken: TestContext.Current.CancellationToken);
        Lsn created;
        await using (SandboxLock made = await store.LockNewAsync("sb-1", cancellationToken: TestContext.Current.CancellationToken))
        {
            SandboxChange change = made.Change();
            change.PutJson(StoreRoot.Run, null, "state.json", "{}"u8);
            created = await change.CommitAsync(TestContext.Current.CancellationToken);
        }

        string mine = Path.Combine(store.Layout.RunMetadata, "trash", "sb-1.0123456789abcdef");
        string anothers = Path.Combine(store.Layout.RunMetadata, "trash", "sb-10.0123456789abcdef");
        Array.ForEach([mine, anothers], static path => Directory.CreateDirectory(path));
        await File.WriteAllTextAsync(Path.Combine(mine, "config.json"), "{}", TestContext.Current.CancellationToken);
        Mark("sb-1", new LockWord(LockWordState.Committing, created));

        await (await store.LockAsync("sb-1", cancellationToken: TestContext.Current.CancellationToken)).DisposeAsync();

        Assert.False(Directory.Exists(mine));
        Assert.True(Directory.Exists(anothers));
    }

    private void Mark(string sandbox, LockWord word)
    {
        var fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(_temp.Path, out DirectoryHandle? root));
        using (root)
        {
            Assert.Equal(Errno.None, fs.OpenFile(root!, $"run/{sandbox}/lock", FileUse.ReadWrite, out FileHandle? file));
            using (file)
            {
                word.Write(fs, file!);
            }
        }
    }
}
