using System;
using System.Collections.Generic;
using System.IO;

namespace SafeStore.Cli.Tests;

/// <summary>
/// The tool that the tests start: the native program, where SAFESTORE_TOOL has its path (tests/run.sh sets it), or the assembly beside
/// the tests.
/// </summary>
internal static class BuiltTool
{
    /// <summary>The native program's path, or null.</summary>
    public static string? Native { get; } = Environment.GetEnvironmentVariable("SAFESTORE_TOOL") is { Length: > 0 } path ? path : null;

    /// <summary>The words before the tool's arguments.</summary>
    public static IReadOnlyList<string> Command { get; } =
        Native is { } path ? [path] : ["dotnet", Path.Combine(AppContext.BaseDirectory, "SafeStore.Cli.dll")];

    /// <summary>The same for a shell.</summary>
    public static string ShellCommand => $"'{string.Join("' '", Command)}'";
}
