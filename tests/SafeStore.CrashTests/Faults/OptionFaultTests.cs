using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 17 and 28: what options are needed for.</summary>
public sealed class OptionFaultTests : IDisposable
{
    private readonly Scene _scene = new();
    private readonly Users _users = new();

    public void Dispose()
    {
        _users.Dispose();
        _scene.Dispose();
    }

    [Fact]
    public async Task Two_users_of_a_group_share_a_store_when_its_modes_say_so()
    {
        StoreLayout layout = ShareRoots();
        using (ChildProcess first = Member(layout, Users.Service))
        using (ChildProcess second = Member(layout, Users.Member))
        {
            _ = first.Expect("create sb-1");
            _ = second.Expect("create sb-2");
            for (int i = 0; i < 20; i++)
            {
                _ = first.Expect("put sb-2 3 first 1");
                _ = second.Expect("put sb-1 3 second 1");
            }

            _ = second.Expect("create-container sb-1 cache");
            _ = first.Expect("checkpoint");
            _ = first.Expect("remove sb-2");
            second.End();
            _ = first.Kill();
        }

        using ChildProcess next = Member(layout, Users.Member);
        _ = next.Expect("put sb-1 3 next 1");
        _ = next.Expect("remove sb-1");
        next.End();
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Files_and_directories_have_the_modes_of_the_options_whatever_the_umask_is()
    {
        StoreLayout layout = _scene.Layout;
        await using StateStore store = await Sample.OpenAsync(layout, Workloads.Options with
        {
            FileMode = (UnixFileMode)0b110_110_000,
            DirectoryMode = (UnixFileMode)0b111_111_000,
        });
        await Workloads.SeedAsync(store);
        await Sample.PutAsync(store, Workloads.One, "replaced");
        string sandbox = Path.Combine(layout.Config, Workloads.One);
        Assert.Equal((UnixFileMode)0b111_111_000, File.GetUnixFileMode(sandbox));
        Assert.Equal((UnixFileMode)0b111_111_000, File.GetUnixFileMode(Path.Combine(sandbox, "web")));
        Assert.Equal((UnixFileMode)0b110_110_000, File.GetUnixFileMode(Path.Combine(sandbox, "config.json")));
        Assert.Equal((UnixFileMode)0b110_110_000, File.GetUnixFileMode(Path.Combine(sandbox, "web", "config.json")));
        Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(Metadata.Anchor(layout))); // an option of its own
    }

    [Theory]
    [InlineData("ext4", "^has_journal")]
    [InlineData("ext2", "")]
    public async Task A_filesystem_without_a_journal_is_refused_when_one_is_required_and_nothing_is_made(string kind, string features)
    {
        string image = Path.Combine(_scene.Path, "no-journal.img");
        Tool.Run("truncate", "-s", "32M", image);
        Tool.Run("mkfs." + kind, [.. features.Length > 0 ? new[] { "-O", features } : [], "-q", "-F", image]);
        Mount disk = _scene.Own(Mount.OfImage(image));
        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(async () =>
            await Sample.OpenAsync(disk.Layout, Workloads.Options with { RequireJournal = true }));
        Assert.Contains("journal", refused.Message);
        Assert.False(File.Exists(Path.Combine(disk.Layout.ConfigMetadata, "store.json")));
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task A_filesystem_with_a_journal_is_taken_when_one_is_required(string kind)
    {
        Mount disk = _scene.Disk(kind);
        await using StateStore store = await Sample.OpenAsync(disk.Layout, Workloads.Options with { RequireJournal = true });
        await Workloads.SeedAsync(store);
    }

    private StoreLayout ShareRoots()
    {
        StoreLayout layout = _scene.Layout;
        Users.Own(layout);
        Tool.Run("chmod", "2770", layout.Config, layout.Run);
        return layout;
    }

    private ChildProcess Member(StoreLayout layout, int user)
    {
        ChildProcess child = _scene.Own(_users.Child(layout, user));
        _ = child.Expect("open group");
        return child;
    }
}
