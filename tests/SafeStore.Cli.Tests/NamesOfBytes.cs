using System.Diagnostics;
using Xunit;

namespace SafeStore.Cli.Tests;

/// <summary>Names that are not UTF-8, which .NET cannot make.</summary>
internal static class NamesOfBytes
{
    /// <summary>
    /// Makes files and directories of such names wherever a tree may have them; two of them look the same when they are decoded.
    /// </summary>
    public static void Make(string root, string sandbox)
    {
        string script = $"""
            cd '{root}' && printf '{"{}"}' > "$(printf 'sb\377.json')" && mkdir "$(printf 'odd\377')" &&
                printf '{"{}"}' > "$(printf 'odd\377/config.json')"
            cd '{sandbox}' && for name in 'a\376.json' 'a\377.json' 'shim\377.pid'; do printf '{"{}"}' > "$(printf "$name")"; done
            mkdir "$(printf 'web\377')" && printf '{"{}"}' > "$(printf 'web\377/state.json')"
            cd '{sandbox}' && printf x > "$(printf 'b\377.json')"
            """;
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-ec", script]) { WorkingDirectory = "/" })!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
