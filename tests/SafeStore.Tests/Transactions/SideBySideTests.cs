using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Threads;
using Xunit;

namespace SafeStore.Tests.Transactions;

/// <summary>Recovery sweeps many sandboxes by several threads, where the filesystem is worth it.</summary>
public sealed class SideBySideTests : IDisposable
{
    private readonly TestStore _test = new();

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(4, 1000)]
    [InlineData(4, 10)]
    [InlineData(4, 0)]
    public void Everything_is_done_once(int threads, int count)
    {
        using var sideBySide = new SideBySide(threads);
        for (int time = 0; time < 3; time++)
        {
            var done = new ConcurrentBag<int>();
            sideBySide.ForEach(count, leastPerThread: 64, done.Add);
            Assert.Equal(Enumerable.Range(0, count), done.Order());
        }
    }

    [Fact]
    public void A_single_thread_goes_in_order_and_is_the_caller()
    {
        var done = new List<int>();
        int caller = Environment.CurrentManagedThreadId;
        using var sideBySide = new SideBySide(1);
        sideBySide.ForEach(1000, leastPerThread: 1, number =>
        {
            Assert.Equal(caller, Environment.CurrentManagedThreadId);
            done.Add(number);
        });
        Assert.Equal(Enumerable.Range(0, 1000), done);
    }

    [Fact]
    public void The_failure_is_the_one_that_one_thread_would_have_met()
    {
        using var sideBySide = new SideBySide(2);
        using var laterHasFailed = new ManualResetEventSlim();
        var done = new ConcurrentBag<int>();
        InvalidDataException failure = Assert.Throws<InvalidDataException>(() => sideBySide.ForEach(1000, leastPerThread: 64, number =>
        {
            switch (number)
            {
                case 10:
                    laterHasFailed.Wait(TestContext.Current.CancellationToken);
                    throw new InvalidDataException("10");
                case 11:
                    laterHasFailed.Set();
                    throw new InvalidDataException("11");
                default:
                    done.Add(number);
                    break;
            }
        }));
        Assert.Equal("10", failure.Message);
        Assert.True(Enumerable.Range(0, 10).All(done.Contains));
        Assert.DoesNotContain(999, done);
    }

    [Fact]
    public async Task Recovery_that_sweeps_many_sandboxes_leaves_a_temp_file_in_none()
    {
        string[] sandboxes = [.. Enumerable.Range(0, 300).Select(static number => $"sb-{number}")];
        await using StateStore dying = await _test.OpenAsync();
        await dying.CreateAsync("other");
        foreach (string sandbox in sandboxes)
        {
            foreach (StoreRoot root in new[] { StoreRoot.Config, StoreRoot.Run })
            {
                Directory.CreateDirectory(_test.PathOf(root, $"{sandbox}/web"));
                await File.WriteAllTextAsync(_test.PathOf(root, $"{sandbox}/{NewTempName()}"), "", TestContext.Current.CancellationToken);
                await File.WriteAllTextAsync(_test.PathOf(root, $"{sandbox}/web/{NewTempName()}"), "", TestContext.Current.CancellationToken);
                await File.WriteAllTextAsync(_test.PathOf(root, $"{sandbox}/web/kept.json"), "1", TestContext.Current.CancellationToken);
            }
        }

        StoreLayout copy = _test.CopyAsAfterAKill();
        await using StateStore reopened = await StateStore.OpenAsync(copy, _test.Options with { FileSystem = new PosixFileSystem() }, TestContext.Current.CancellationToken);
        foreach (string sandbox in sandboxes)
        {
            foreach (string root in new[] { copy.Config, copy.Run })
            {
                Assert.Equal([Path.Combine(root, sandbox, "web/kept.json")], Directory.EnumerateFiles(Path.Combine(root, sandbox), "*", SearchOption.AllDirectories));
            }
        }
    }

    private static string NewTempName() => TempName.NewFile(new NameSource(new PosixFileSystem()));
}
