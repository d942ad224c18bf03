using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace SafeStore.CrashTests.Support;

/// <summary>
/// strace, attached to a child while it lives: it sees, or falsifies, the system calls from the constructor's return to
/// <see cref="Detach"/>. (Its own counting, <c>when=</c>, is per thread, and continuations change threads: so the test counts by attaching
/// at the right time.)
/// </summary>
internal sealed partial class Tracer : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _output;
    private readonly Process _process;

    public Tracer(ChildProcess child, params string[] expressions)
        : this(child, [], expressions)
    {
    }

    /// <summary>Only calls on some paths.</summary>
    public Tracer(ChildProcess child, IReadOnlyList<string> paths, params string[] expressions)
    {
        _output = Path.Combine(_directory.Path, "trace");
        string[] all =
            ["-f", "-y", "-s", "64", "-o", _output, .. paths.SelectMany(static path => new[] { "-P", path }),
            .. expressions.SelectMany(static expression => new[] { "-e", expression }), "-p",
            child.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        _process = Tool.Start("strace", all);
        string? line = _process.StandardError.ReadLine(); // "strace: Process 42 attached with 9 threads", when it has them all
        if (line?.Contains("attached", StringComparison.Ordinal) != true)
        {
            string rest = line + _process.StandardError.ReadToEnd();
            Dispose();
            throw new InvalidOperationException("strace cannot attach: " + rest);
        }

        _ = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Lets the child go on untraced; returns the calls in order, as strace writes them without the thread.</summary>
    public IReadOnlyList<string> Detach()
    {
        if (!_process.HasExited)
        {
            // It may end just now, with the child.
            _ = Tool.TryRun("kill", "-INT", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            _process.WaitForExit();
        }

        return Join(File.ReadAllLines(_output));
    }

    /// <summary>Ends a tracer whose child has been killed: it may wait for ever for what the child's threads leave.</summary>
    public void Abandon()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>The calls between the child's marks, and how many there were of each.</summary>
    public static List<string> BetweenMarks(IReadOnlyList<string> calls)
    {
        List<string> list = [.. calls];
        int begin = list.FindIndex(static call => call.Contains("/safestore-mark-begin", StringComparison.Ordinal));
        int end = list.FindIndex(static call => call.Contains("/safestore-mark-end", StringComparison.Ordinal));
        return begin >= 0 && end > begin ? list[(begin + 1)..end]
            : throw new InvalidOperationException("The marks are missing:\n" + string.Join('\n', list.Take(50)));
    }

    public static string NameOf(string call) => call[..call.IndexOf('(', StringComparison.Ordinal)];

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _ = Detach();
        }

        _process.Dispose();
        _directory.Dispose();
    }

    /// <summary>
    /// A call that another thread's line interrupts is put together: a sync stands where it ended, any other call where it began, so that
    /// "after the sync" in the list is after its end in fact.
    /// </summary>
    private static List<string> Join(string[] lines)
    {
        var calls = new List<string>();
        var unfinished = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string line in lines)
        {
            Match match = Line().Match(line);
            (string thread, string call) = (match.Groups[1].Value, match.Groups[2].Value);
            if (!match.Success || call.StartsWith("+++", StringComparison.Ordinal) || call.StartsWith("---", StringComparison.Ordinal))
            {
                continue;
            }

            if (call.StartsWith("<...", StringComparison.Ordinal))
            {
                if (unfinished.Remove(thread, out int index))
                {
                    string whole =
                        calls[index].Replace(
                        " <unfinished ...>", "",
                        StringComparison.Ordinal) + call[(call.IndexOf("resumed>", StringComparison.Ordinal) + 8)..];
                    bool isSync = NameOf(whole) is "fsync" or "fdatasync";
                    calls[index] = isSync ? "" : whole;
                    if (isSync)
                    {
                        calls.Add(whole);
                    }
                }
            }
            else
            {
                if (call.EndsWith("<unfinished ...>", StringComparison.Ordinal))
                {
                    unfinished[thread] = calls.Count;
                }

                calls.Add(call);
            }
        }

        calls.RemoveAll(static call => call.Length == 0);
        return calls;
    }

    [GeneratedRegex(@"^(\d+)\s+(.*)$")]
    private static partial Regex Line();
}
