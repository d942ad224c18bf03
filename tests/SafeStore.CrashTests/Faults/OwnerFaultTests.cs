using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Faults 15, 16 and 31: the owners of files, and what another user may plant.</summary>
public sealed class OwnerFaultTests : IDisposable
{
    private static readonly string OfService = string.Create(CultureInfo.InvariantCulture, $"{Users.Service}:{Users.Group}");

    private readonly Scene _scene = new();
    private readonly Users _users = new();

    public void Dispose()
    {
        _users.Dispose();
        _scene.Dispose();
    }

    [Theory]
    [InlineData("opens it")]
    [InlineData("opens it after a kill")]
    [InlineData("commits")]
    [InlineData("creates a sandbox")]
    [InlineData("checkpoints")]
    public async Task A_service_goes_on_after_root_has_used_its_store(string what)
    {
        StoreLayout layout = _scene.Layout;
        Users.Own(layout);
        using (ChildProcess service = Service(layout))
        {
            _ = service.Expect("create sb-1");
            _ = service.Expect("create sb-2");
            if (what.EndsWith("kill", StringComparison.Ordinal))
            {
                _ = service.Kill();
            }
            else
            {
                service.End();
            }
        }

        await using (StateStore root = await Sample.OpenAsync(layout))
        {
            switch (what)
            {
                case "commits":
                    await Sample.PutAsync(root, Workloads.One, "root's", "new.json");
                    _ = await Workloads.ChangeAsync(root, Workloads.Two, static change => change.CreateContainer("made-by-root"));
                    break;
                case "creates a sandbox":
                    _ = await Workloads.CreateAsync(root, Workloads.Three, "web");
                    break;
                case "checkpoints":
                    await Sample.PutAsync(root, Workloads.One, "root's");
                    _ = await root.CheckpointAsync();
                    break;
            }
        }

        using ChildProcess next = Service(layout);
        foreach (string sandbox in new[] { Workloads.One, Workloads.Two })
        {
            _ = next.Expect($"put {sandbox} 2 service's 1");
            _ = next.Expect($"create-container {sandbox} made-by-service");
        }

        if (what == "creates a sandbox")
        {
            _ = next.Expect("put sb-3 1 service's 1");
            _ = next.Expect("remove sb-3");
        }

        _ = next.Expect("checkpoint");
        next.End();
        Assert.Empty(NotOfService(layout));
    }

    [Fact]
    public async Task A_store_that_root_makes_in_a_service_s_directories_is_the_service_s()
    {
        StoreLayout layout = _scene.Layout;
        Users.Own(layout);
        await using (StateStore root = await Sample.OpenAsync(layout))
        {
            _ = await Workloads.CreateAsync(root, Workloads.One, "web");
        }

        Assert.Empty(NotOfService(layout));
        using ChildProcess service = Service(layout);
        _ = service.Expect("put sb-1 2 service's 1");
        service.End();
    }

    [Theory]
    [InlineData("parks a transaction")]
    [InlineData("keeps what another program has written")]
    public async Task What_root_s_recovery_keeps_aside_is_the_service_s(string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        Users.Own(layout);
        Deaths.BeforePublishing(layout, "workload update");
        string document = Path.Combine(layout.Config, Workloads.One, "config.json");
        if (what.StartsWith("parks", StringComparison.Ordinal))
        {
            File.Move(document, document + ".aside");
            Directory.CreateDirectory(Path.Combine(document, "in-the-way"));
        }
        else
        {
            await File.WriteAllTextAsync(document, "{\"by\":\"another\"}");
        }

        await (await Sample.OpenAsync(layout)).DisposeAsync();

        string kept = Path.Combine(layout.ConfigMetadata, what.StartsWith("parks", StringComparison.Ordinal) ? "parked" : "overruled");
        Assert.NotEmpty(Directory.GetFileSystemEntries(kept));
        Assert.Empty(Tool.TryRun("find", layout.ConfigMetadata, layout.RunMetadata, "!", "-user", Name(Users.Service), "-print").Output);
    }

    [Fact]
    public void A_service_goes_on_while_root_has_its_store_open()
    {
        StoreLayout layout = _scene.Layout;
        Users.Own(layout);
        using ChildProcess service = Service(layout);
        _ = service.Expect("create sb-1");
        using ChildProcess root = ChildProcess.Open(layout);
        _ = root.Expect("create sb-2");
        for (int i = 0; i < 20; i++)
        {
            _ = root.Expect("put sb-1 3 root 1"); // a segment's worth, so that root makes the next one
            _ = service.Expect("put sb-2 3 service 1");
        }

        root.End();
        service.End();
        Assert.Empty(NotOfService(layout));
    }

    [Theory]
    [InlineData("mode")]
    [InlineData("owner")]
    [InlineData("group")]
    [InlineData("access list")]
    [InlineData("attribute")]
    [InlineData("label")]
    public async Task A_document_that_is_replaced_keeps_what_its_owner_has_set(string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string document = Path.Combine(layout.Config, Workloads.One, "config.json");
        Set(what, document);
        string before = Describe(document);
        await using (StateStore store = await Sample.OpenAsync(layout))
        {
            await Sample.PutAsync(store, Workloads.One, "replaced");
        }

        Assert.Contains("replaced", Files.Read(document));
        Assert.Equal(before, Describe(document));
    }

    [Theory]
    [InlineData("mode")]
    [InlineData("owner")]
    [InlineData("access list")]
    [InlineData("attribute")]
    public async Task A_document_that_a_recovery_writes_anew_keeps_what_its_owner_has_set(string what)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string document = Path.Combine(layout.Config, Workloads.One, "config.json");
        Set(what, document);
        string before = Describe(document);
        Deaths.BeforePublishing(layout, "workload update");
        await using StateStore store = await Sample.OpenAsync(layout);
        Assert.Contains("\"new\"", Files.Read(document));
        Assert.Equal(before, Describe(document));
    }

    [Theory]
    [InlineData("mode")]
    [InlineData("owner")]
    [InlineData("group")]
    [InlineData("access list")]
    [InlineData("attribute")]
    [InlineData("label")]
    public void A_file_that_root_replaces_for_a_service_keeps_what_the_service_has_set(string what)
    {
        string file = Path.Combine(_scene.Make("etc"), "settings.json");
        Files.Write(file, "old");
        Set(what, file);
        string before = Describe(file);
        new AtomicFile(new PosixFileSystem()).Write(file, "replaced"u8);
        Assert.Equal("replaced", Files.Read(file));
        Assert.Equal(before, Describe(file));
    }

    /// <summary>A right to write the document is no part of what its owner has set, and the service need not have it.</summary>
    [Theory]
    [InlineData("440")]
    [InlineData("400")]
    public void A_read_only_document_that_a_service_replaces_keeps_its_mode_and_attributes(string mode)
    {
        StoreLayout layout = _scene.Layout;
        Users.Own(layout);
        using ChildProcess service = Service(layout);
        _ = service.Expect("create sb-1");
        _ = service.Expect("put sb-1 1 old 1");
        string document = Path.Combine(layout.Config, "sb-1", "doc-0.json");
        Set("attribute", document);
        Tool.Run("chmod", mode, document);
        string before = Describe(document);
        _ = service.Expect("put sb-1 1 replaced 1");
        service.End();
        Assert.Contains("replaced", Files.Read(document));
        Assert.Equal(before, Describe(document));
        Assert.Contains(Attributes(document), static line => line.StartsWith("user.safestore=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("4755")]
    [InlineData("2755")]
    public async Task A_document_that_is_replaced_does_not_keep_the_right_to_run_as_its_owner(string mode)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string document = Path.Combine(layout.Config, Workloads.One, "config.json");
        Tool.Run("chmod", mode, document);
        Tool.Run("setfattr", "-n", "security.capability", "-v", "0x0100000200200000000000000000000000000000", document);
        await using StateStore store = await Sample.OpenAsync(layout);
        await Sample.PutAsync(store, Workloads.One, "replaced");
        Assert.Equal("755", Tool.TryRun("stat", "--format=%a", document).Output.Trim());
        Assert.DoesNotContain("security.capability", Describe(document));
    }

    [Theory]
    [InlineData(StoreRoot.Config, false)]
    [InlineData(StoreRoot.Run, false)]
    [InlineData(StoreRoot.Run, true)]
    public async Task Metadata_that_are_a_link_are_refused_and_nothing_is_touched_where_it_leads(StoreRoot root, bool isDangling)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string metadata = Metadata.Of(layout, root);
        string elsewhere = Path.Combine(_scene.Path, "elsewhere");
        Directory.Move(metadata, elsewhere);
        foreach (string scratch in new[] { "scratch", "new", "stage", "trash" })
        {
            Files.Write(Path.Combine(Directory.CreateDirectory(Path.Combine(elsewhere, scratch, "inner")).FullName, "precious"), "kept");
        }

        _ = Directory.CreateSymbolicLink(metadata, isDangling ? "/nowhere/at/all" : elsewhere);
        _ = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout));
        foreach (string scratch in new[] { "scratch", "new", "stage", "trash" })
        {
            Assert.Equal("kept", Files.Read(Path.Combine(elsewhere, scratch, "inner", "precious")));
        }
    }

    [Theory]
    [InlineData("log", StoreRoot.Config)]
    [InlineData("scratch", StoreRoot.Config)]
    [InlineData("scratch", StoreRoot.Run)]
    [InlineData("new", StoreRoot.Run)]
    [InlineData("stage", StoreRoot.Run)]
    [InlineData("trash", StoreRoot.Run)]
    public async Task A_directory_of_the_metadata_that_is_a_link_is_refused_and_nothing_is_touched_where_it_leads(
        string name, StoreRoot root)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string elsewhere = _scene.Make("elsewhere");
        Files.Write(Path.Combine(Directory.CreateDirectory(Path.Combine(elsewhere, "inner")).FullName, "precious"), "kept");
        string directory = Path.Combine(Metadata.Of(layout, root), name);
        _ = Tool.TryRun("mv", directory, Path.Combine(_scene.Path, "away"));
        _ = Directory.CreateSymbolicLink(directory, elsewhere);
        _ = await Record.ExceptionAsync(() => Sample.AssertOpensAndWorksAsync(layout)); // refused, or another name is used
        Assert.Equal("kept", Files.Read(Path.Combine(elsewhere, "inner", "precious")));
        Assert.Single(Directory.GetFileSystemEntries(elsewhere));
    }

    [Theory]
    [InlineData("mode", StoreRoot.Config)]
    [InlineData("mode", StoreRoot.Run)]
    [InlineData("owner", StoreRoot.Config)]
    [InlineData("owner", StoreRoot.Run)]
    [InlineData("sticky", StoreRoot.Run)]
    public async Task Metadata_that_another_user_can_change_are_refused(string what, StoreRoot root)
    {
        StoreLayout layout = await _scene.SeedAsync();
        string metadata = Metadata.Of(layout, root);
        string[] command = what switch
        {
            "mode" => ["chmod", "0777"],
            "sticky" => ["chmod", "1777"],
            _ => ["chown", OfService],
        };
        Tool.Run(command[0], command[1], metadata);
        SafeStoreException refused = await Assert.ThrowsAnyAsync<SafeStoreException>(async () => await Sample.OpenAsync(layout));
        Assert.Contains(metadata, refused.Message);
    }

    private ChildProcess Service(StoreLayout layout)
    {
        ChildProcess child = _scene.Own(_users.Child(layout));
        _ = child.Expect("open");
        return child;
    }

    private static string NotOfService(StoreLayout layout) =>
        Tool.TryRun("find", layout.Config, layout.Run, "!", "-user", Name(Users.Service), "-print").Output;

    private static string Name(int user) => user.ToString(CultureInfo.InvariantCulture);

    private static void Set(string what, string path)
    {
        string[] command = what switch
        {
            "mode" => ["chmod", "0600"],
            "owner" => ["chown", OfService],
            "group" => ["chgrp", Users.Group.ToString(CultureInfo.InvariantCulture)],
            "access list" => ["setfacl", "-m", string.Create(CultureInfo.InvariantCulture, $"u:{Users.Member}:rw")],
            "attribute" => ["setfattr", "-n", "user.origin", "-v", "kept"],
            _ => ["setfattr", "-n", "security.selinux", "-v", "system_u:object_r:container_t:s0"],
        };
        Tool.Run(command[0], [.. command.AsSpan(1), path]);
    }

    /// <summary>All that a file has but its stamp, which is of one content.</summary>
    private static string Describe(string path) => Tool.TryRun("stat", "--format=%a %u %g", path).Output
        + Tool.TryRun("getfacl", "-n", "-p", path).Output
        + string.Join('\n', Attributes(path).Where(static line => !line.StartsWith("user.safestore=", StringComparison.Ordinal)));

    private static string[] Attributes(string path) =>
        Tool.TryRun("getfattr", "-d", "-m", "-", "--absolute-names", path).Output.Split('\n');
}
