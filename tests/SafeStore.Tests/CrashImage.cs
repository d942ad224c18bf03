using System;
using System.Diagnostics;
using System.IO;
using System.Linq;

namespace SafeStore.Tests;

/// <summary>A copy of a store's files while processes have it open: what a kill of all of them leaves.</summary>
internal static class CrashImage
{
    private const int AttemptsMax = 50;

    /// <summary>
    /// Copies a directory. A store that nobody commits to still prepares spare segments, and renames them when they are ready:
    /// a copy that lists a file and no longer finds it is no image of any moment, and is made anew.
    /// </summary>
    public static void Copy(string source, string target)
    {
        string[] complaints = ["not tried"];
        for (int attempt = 1; attempt <= AttemptsMax && complaints.Length > 0; attempt++)
        {
            if (attempt > 1)
            {
                Directory.Delete(target, recursive: true);
            }

            complaints = Try(source, target);
            string? other = complaints.FirstOrDefault(static line => !line.EndsWith("No such file or directory", StringComparison.Ordinal));
            Xunit.Assert.True(other is null, other);
        }

        Xunit.Assert.Empty(complaints);
    }

    private static string[] Try(string source, string target)
    {
        var start = new ProcessStartInfo("cp", ["-a", Path.Combine(source, "."), target]) { RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        using Process copy = Process.Start(start)!;
        string errors = copy.StandardError.ReadToEnd();
        copy.WaitForExit();
        string[] lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return copy.ExitCode == 0 || lines.Length > 0 ? lines : [$"cp ended with {copy.ExitCode}"];
    }
}
