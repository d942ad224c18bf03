using System;
using System.IO;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 17: the modes of what a store makes, and a store that the users of a group share.</summary>
public sealed class ModeFaultTests : IDisposable
{
    private readonly Scene _scene = new();
    private readonly Users _users = new();

    public void Dispose()
    {
        _users.Dispose();
        _scene.Dispose();
    }

    [Theory]
    [InlineData("the group is their own")]
    [InlineData("the group is one of theirs")]
    public void Two_users_of_a_group_share_a_store_when_its_modes_say_so(string which)
    {
        bool isPrimary = which == "the group is their own";
        StoreLayout layout = ShareRoots();
        using (ChildProcess first = Member(layout, Users.Service, isPrimary))
        using (ChildProcess second = Member(layout, Users.Member, isPrimary))
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

        using ChildProcess next = Member(layout, Users.Member, isPrimary);
        _ = next.Expect("put sb-1 3 next 1");
        _ = next.Expect("remove sb-1");
        next.End();
    }

    [Fact]
    public void Members_of_a_group_share_a_store_whichever_of_them_has_made_it()
    {
        StoreLayout layout = ShareRoots();
        using (ChildProcess member = Member(layout, Users.Member, isPrimary: false))
        {
            _ = member.Expect("create sb-1");
            member.End();
        }

        using ChildProcess owner = Member(layout, Users.Service, isPrimary: true);
        _ = owner.Expect("put sb-1 3 owner 1");
        owner.End();
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

    private StoreLayout ShareRoots()
    {
        StoreLayout layout = _scene.Layout;
        Users.Own(layout);
        Tool.Run("chmod", "0770", layout.Config, layout.Run);
        return layout;
    }

    private ChildProcess Member(StoreLayout layout, int user, bool isPrimary)
    {
        ChildProcess child = _scene.Own(isPrimary ? _users.Child(layout, user) : _users.ChildWithOwnGroup(layout, user));
        _ = child.Expect("open group");
        return child;
    }
}
