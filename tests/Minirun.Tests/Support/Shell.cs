using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading.Tasks;

namespace Minirun.Tests.Support;

/// <summary>A program that ends, and what it prints.</summary>
internal static class Shell
{
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        (int code, string output) = await TryAsync(program, arguments);
        return code == 0 ? output : throw new InvalidOperationException(
            $"'{program} {string.Join(' ', arguments)}' ended with {code}: {output}");
    }

    public static Task<(int Code, string Output)> TryAsync(string program, params string[] arguments) =>
        TryAsync(program, arguments, new Dictionary<string, string>());

    public static async Task<(int Code, string Output)> TryAsync(
        string program, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}
