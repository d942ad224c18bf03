using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Another program that watches a directory by inotify.</summary>
internal sealed class DocumentWatch : IDisposable
{
    private const string End = "end-of-watch";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _directory;
    private readonly FileSystemWatcher _watcher;
    private readonly ConcurrentQueue<FileSystemEventArgs> _events = [];
    private readonly SemaphoreSlim _ended = new(0);

    public DocumentWatch(string directory)
    {
        _directory = directory;
        _watcher = new FileSystemWatcher(directory);
        _watcher.Created += See;
        _watcher.Changed += See;
        _watcher.Deleted += See;
        _watcher.Renamed += See;
        _watcher.EnableRaisingEvents = true;
    }

    /// <summary>All that was seen up to now.</summary>
    public async Task<IReadOnlyList<FileSystemEventArgs>> EndAsync()
    {
        Files.Write(Path.Combine(_directory, End), "");
        Assert.True(await _ended.WaitAsync(Patience));
        return [.. _events.Where(static seen => seen.Name != End)];
    }

    /// <summary>The last thing that is told of a document is that it is there; and nothing is told but of documents.</summary>
    public async Task AssertStaysAsync(string file)
    {
        IReadOnlyList<FileSystemEventArgs> events = await EndAsync();
        FileSystemEventArgs last = events.Last(seen => seen.Name == file || (seen as RenamedEventArgs)?.OldName == file);
        Assert.NotEqual(WatcherChangeTypes.Deleted, last.ChangeType);
        Assert.Equal(file, last.Name);
        Assert.All(events, seen => Assert.True(seen.Name == "lock" || seen.Name == file, $"{seen.ChangeType} {seen.Name}"));
    }

    public void Dispose()
    {
        _watcher.Dispose();
        _ended.Dispose();
    }

    private void See(object sender, FileSystemEventArgs seen)
    {
        _events.Enqueue(seen);
        if (seen.Name == End)
        {
            _ended.Release();
        }
    }
}
