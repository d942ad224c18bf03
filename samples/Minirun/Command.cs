using System.Diagnostics;
using System.Threading.Tasks;

namespace Minirun;

/// <summary>Other programs.</summary>
internal static class Command
{
    public static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new MinirunException($"'{program} {string.Join(' ', arguments)}' ended with {process.ExitCode}. {errors.Trim()}");
        }
    }
}
