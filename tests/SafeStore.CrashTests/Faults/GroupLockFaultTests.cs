using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Fault 33: a member of the store's group, which may read the store, and holds locks on all that it can open.</summary>
public sealed class GroupLockFaultTests : IDisposable
{
    /// <summary>Only a failure takes so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly Scene _scene = new();
    private readonly Users _users = new();
    private readonly List<Process> _holders = [];
    private ChildProcess? _reader;

    public void Dispose()
    {
        Release();
        _users.Dispose();
        _scene.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_can_be_opened_while_a_reader_of_the_group_holds_locks_on_whatever_it_can_open(bool byFlock)
    {
        StoreLayout layout = await SeedForGroupAsync();
        Hold(layout, byFlock);
        Task<StateStore> opening = Task.Run(async () => await Sample.OpenAsync(layout));
        try
        {
            await using StateStore store = await opening.WaitAsync(Patience);
            await Sample.PutAsync(store, Workloads.Two, "works");
        }
        catch (TimeoutException)
        {
            Release();
            await using StateStore late = await opening;
            Assert.Fail("The opening waited for a reader.");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_that_is_open_works_while_a_reader_of_the_group_holds_locks_on_whatever_it_can_open(bool byFlock)
    {
        StoreLayout layout = await SeedForGroupAsync();
        await using StateStore store = await Sample.OpenAsync(layout);
        Hold(layout, byFlock);
        Task work = Task.Run(async () =>
        {
            await Sample.PutAsync(store, Workloads.Two, "works");
            _ = await Workloads.CreateAsync(store, Workloads.Three, "web");
            _ = await store.CheckpointAsync();
            await Sample.RemoveAsync(store, Workloads.Three);
        });
        try
        {
            await work.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            Release();
            await work;
            Assert.Fail("A commit waited for a reader.");
        }
    }

    private async Task<StoreLayout> SeedForGroupAsync()
    {
        StoreLayout layout = await _scene.SeedAsync();
        foreach (string root in new[] { layout.Config, layout.Run })
        {
            Tool.Run("chgrp", "-R", Users.Group.ToString(System.Globalization.CultureInfo.InvariantCulture), root);
        }

        File.SetUnixFileMode(Path.GetDirectoryName(layout.Config)!, (UnixFileMode)0b111_101_101);
        return layout;
    }

    private void Hold(StoreLayout layout, bool byFlock)
    {
        string[] paths = [.. new[] { layout.ConfigMetadata, layout.RunMetadata }.SelectMany(static metadata =>
            Directory.GetFiles(metadata, "*", SearchOption.AllDirectories).Concat(
                Directory.GetDirectories(metadata, "*", SearchOption.AllDirectories)))];
        if (byFlock)
        {
            foreach (string path in paths)
            {
                // flock says nothing: the shell that it starts does.
                Process holder = Tool.Start(
                    "setpriv", [.. Users.Become(Users.Member), "flock", "-x", "-w", "1", path, "-c", "echo held; cat"]);
                _holders.Add(holder);
                _ = holder.StandardOutput.ReadLine(); // held, or the end: denied
            }
        }
        else
        {
            _reader = _users.Child(layout, Users.Member);
            foreach (string path in paths.Where(File.Exists))
            {
                _ = _reader.Expect("hold-file " + path);
            }
        }
    }

    private void Release()
    {
        foreach (Process holder in _holders)
        {
            holder.StandardInput.Close(); // ends cat
            holder.WaitForExit();
            holder.Dispose();
        }

        _holders.Clear();
        _reader?.Dispose();
        _reader = null;
    }
}
