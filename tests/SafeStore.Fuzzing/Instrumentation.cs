using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using SharpFuzz;

namespace SafeStore.Fuzzing;

/// <summary>Runs this program again in a copy of its directory whose SafeStore tells what it reaches.</summary>
internal static class Instrumentation
{
    private static readonly string[] s_assemblies = ["SafeStore.dll", "SafeStore.Operations.dll"];

    public static int RunInstrumented(string[] arguments, string variable)
    {
        DirectoryInfo copy = Directory.CreateTempSubdirectory("safestore-fuzz-");
        try
        {
            foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory))
            {
                File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
            }

            foreach (string assembly in s_assemblies)
            {
                _ = Fuzzer.Instrument(Path.Combine(copy.FullName, assembly), static _ => true, Options.Value).Count();
            }

            var start = new ProcessStartInfo("dotnet");
            start.ArgumentList.Add(Path.Combine(copy.FullName, "SafeStore.Fuzzing.dll"));
            Array.ForEach(arguments, start.ArgumentList.Add);
            start.Environment[variable] = "1";
            using Process process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode;
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }
}
