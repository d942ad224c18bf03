using System;
using System.IO;
using SafeStore.Benchmarks;
using SafeStore.Benchmarks.Model;
using SafeStore.Benchmarks.Running;
using Spectre.Console;

const string Usage = """
    compare   SafeStore and its peers side by side      [--only W1,W2,..,TAIL] [--ways sqlite,rocksdb,..] [--rounds 5]
                                                        [--json FILE] [--markdown FILE] [--svg DIR]
                                                        [--sandboxes-max 10000] [--load-sandboxes 10000] [--quick DIVISOR] [--ahead DIR]
    limits    what the disk itself can do               [--json FILE] [--markdown FILE]
    memory    memory after commits to many sandboxes    [--sandboxes 10000]
    micro     parts of the engine, with allocations     (BenchmarkDotNet)
    model     typed documents: JSON, creations, loads   [--rounds 5] [--json FILE] [--markdown FILE]
    watch     how long a change takes to a watcher      [--count 2000]
    tool      how long the built tool takes to start    --tool PATH [--sandboxes 1000] [--rounds 40]
    commits   a plain loop for strace and perf          [--way safestore] [--count 2000] [--documents 1] [--writers 1] [--new]
                                                        [--listen]

    All: [--dir DIR], a directory that is made and removed; [--ext4-image], a fresh ext4 in a loop image there (needs root),
    written past the page cache as a disk is (8 GiB of space), or with [--buffered] through it.
    """;

var arguments = new Arguments(args);
if (arguments.Command == "worker")
{
    await Worker.RunAsync(arguments); // in a directory that belongs to whoever started it
    return 0;
}

if (arguments.Has("--help") || arguments.Command is not ("compare" or "limits" or "memory" or "micro" or "model" or "watch" or "tool"
    or "commits"))
{
    await Console.Error.WriteLineAsync(Usage);
    return 64;
}

if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 240;
}

Directory.CreateDirectory(arguments.Place);
LoopImage? image = null;
try
{
    image = arguments.Has("--ext4-image") ? await LoopImage.MountAsync(arguments.Place, arguments.Has("--buffered")) : null;
    string directory = image?.Directory ?? arguments.Place;
    await (arguments.Command switch
    {
        "compare" => Suite.RunAsync(directory, arguments),
        "limits" => Limits.RunAsync(directory, arguments),
        "memory" => MemoryGrowth.RunAsync(directory, arguments),
        "micro" => Micro.RunAsync(directory),
        "model" => ModelComparison.RunAsync(directory, arguments),
        "watch" => WatchLatency.RunAsync(directory, arguments),
        "tool" => ToolStart.RunAsync(directory, arguments),
        _ => PlainLoop.RunAsync(directory, arguments),
    });
    return 0;
}
finally
{
    if (image is not null)
    {
        await image.DisposeAsync();
    }

    Directory.Delete(arguments.Place, recursive: true);
}
