using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Sandboxes.Tests.Support;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Behaviour;

/// <summary>Section 1.7: temp files.</summary>
public sealed class TempFileTests : IDisposable
{
    private readonly TestSandboxes _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    [Trait("behaviour", "42")]
    public async Task A_temp_file_is_empty_with_mode_0600_and_a_name_of_its_own_in_the_sandboxs_temp_directory()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        await using ModelLock held = await store.LockAsync("sb-1");

        TempFile[] files = [.. Enumerable.Range(0, 8).Select(_ => held.CreateTempFile(TempFileLifetime.Sandbox))];

        Assert.Equal(8, files.Select(static file => file.Path).Distinct().Count());
        Assert.All(files, file =>
        {
            Assert.StartsWith(_test.RunPath("sb-1/tempDir/tmp-"), file.Path, StringComparison.Ordinal);
            Assert.All(Path.GetFileName(file.Path)["tmp-".Length..], static character => Assert.True(char.IsAsciiDigit(character)));
            Assert.Equal(
                (0, UnixFileMode.UserRead | UnixFileMode.UserWrite), (new FileInfo(file.Path).Length, File.GetUnixFileMode(file.Path)));
        });
        Assert.DoesNotContain("tempDir", held.ListContainers());
    }

    [Fact]
    [Trait("behaviour", "42")]
    public async Task A_sandbox_that_does_not_exist_gets_no_directory_for_temp_files()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await using ModelLock held = await store.LockNewAsync("sb-1");

        Assert.Throws<InvalidOperationException>(() => held.CreateTempFile());

        Assert.False(Directory.Exists(_test.RunPath("sb-1")));
    }

    [Fact]
    [Trait("behaviour", "43")]
    public async Task Temp_files_of_the_sandbox_go_with_it_and_not_before()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        TempFile file = await CreateAsync(store, TempFileLifetime.Sandbox);

        file.Dispose();
        await using (await store.LockAsync("sb-1"))
        {
            Assert.True(File.Exists(file.Path));
        }

        await store.Kata().RemoveAsync("sb-1");
        Assert.False(File.Exists(file.Path));
    }

    [Fact]
    [Trait("behaviour", "43")]
    public async Task A_temp_file_of_its_owner_lives_as_long_as_the_owner_whoever_locks_the_sandbox()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        TempFile file = await CreateAsync(store, TempFileLifetime.Owner);

        await using (await store.LockAsync("sb-1"))
        {
            Assert.True(File.Exists(file.Path));
        }

        file.Dispose();
        file.Dispose();
        Assert.False(File.Exists(file.Path));
    }

    [Fact]
    [Trait("behaviour", "43")]
    public async Task A_temp_file_whose_owner_was_killed_goes_when_the_sandbox_is_locked_next()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        Directory.CreateDirectory(_test.RunPath("sb-1/tempDir"));
        string path = _test.RunPath("sb-1/tempDir/tmp-0000000017.owned");
        using (ForeignProcess owner = await ForeignProcess.HoldAsync(path)) // flock(1) makes the file, and has the flock that an owner has
        {
            await using (await store.LockAsync("sb-1"))
            {
                Assert.True(File.Exists(path));
            }

            await owner.KillAsync();
        }

        await using (await store.LockAsync("sb-1"))
        {
            Assert.False(File.Exists(path));
        }
    }

    [Fact]
    public async Task A_link_in_the_place_of_the_temp_directory_is_not_followed_and_does_not_hinder_a_removal()
    {
        await using SandboxStore store = await _test.OpenAsync();
        await store.CreateAsync(Samples.Sandbox("sb-1"));
        string elsewhere = Path.Combine(_test.Directory, "elsewhere");
        Directory.CreateDirectory(elsewhere);
        Directory.CreateSymbolicLink(_test.RunPath("sb-1/tempDir"), elsewhere);
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "tmp-17.owned"), "x");

        await using (ModelLock held = await store.LockAsync("sb-1"))
        {
            Assert.Equal("symbolic-link", Assert.Throws<StorageException>(() => held.CreateTempFile()).Code);
        }

        Assert.True(await store.Kata().RemoveAsync("sb-1"));
        Assert.Equal("tmp-17.owned", Path.GetFileName(Assert.Single(Directory.EnumerateFileSystemEntries(elsewhere))));
    }

    [Fact]
    public async Task A_temp_file_can_be_let_go_after_its_sandbox_and_its_store()
    {
        TempFile removed;
        TempFile left;
        await using (SandboxStore store = await _test.OpenAsync())
        {
            await store.CreateAsync(Samples.Sandbox("sb-1"));
            left = await CreateAsync(store, TempFileLifetime.Owner);
            await store.CreateAsync(Samples.Sandbox("sb-2"));
            await using (ModelLock held = await store.LockAsync("sb-2"))
            {
                removed = held.CreateTempFile();
            }

            await store.Kata().RemoveAsync("sb-2");
        }

        removed.Dispose();
        left.Dispose();
        Assert.False(File.Exists(left.Path));
    }

    private static async Task<TempFile> CreateAsync(SandboxStore store, TempFileLifetime lifetime)
    {
        await using ModelLock held = await store.LockAsync("sb-1");
        return held.CreateTempFile(lifetime);
    }
}
