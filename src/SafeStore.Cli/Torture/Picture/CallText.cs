using System;
using System.Text.RegularExpressions;
using SafeStore.Testing;
using SafeStore.Testing.Recipes;

namespace SafeStore.Cli.Torture.Picture;

/// <summary>Calls and paths as people read them: system calls by their names, paths from the sandbox on, random names cut short.</summary>
internal static partial class CallText
{
    private const string Sandbox = "/" + SampleSandbox.Name + "/";

    public static string Of(SimulatedCall call)
    {
        string detail = call.Operation switch
        {
            Operation.Write => $", {call.Detail[(call.Detail.IndexOf('+', StringComparison.Ordinal) + 1)..]} bytes",
            Operation.Truncate => "",
            _ when call.Detail.Length == 0 => "",
            _ => $" {Shortened(call.Detail)}",
        };
        return $"{NameOf(call.Operation)} {Shortened(call.Path)}{detail}";
    }

    /// <summary>A text with paths in it.</summary>
    public static string Shortened(string text)
    {
        string named = RandomDirectory().Replace(text, "scratch/");
        named = RandomName().Replace(named, "$1…");
        return named.Replace("/store/config/.safestore/", "", StringComparison.Ordinal)
            .Replace("/store/run/.safestore/", "", StringComparison.Ordinal)
            .Replace("/store/config" + Sandbox, "config root's ", StringComparison.Ordinal)
            .Replace("/store/run", "/run", StringComparison.Ordinal)
            .Replace("/run" + Sandbox, "", StringComparison.Ordinal)
            .Replace("/run/", "", StringComparison.Ordinal);
    }

    private static string NameOf(Operation operation) => operation switch
    {
        Operation.MakeDirectory => "mkdir",
        Operation.CreateFile => "create",
        Operation.SyncFile => "fsync",
        Operation.SyncData => "fdatasync",
        Operation.SyncDirectory => "fsync directory",
        Operation.SyncAll => "syncfs at",
        Operation.RenameNoReplace => "rename",
        Operation.CopyAttributes => "copy attributes of",
        Operation.SetAttribute => "set attribute of",
        Operation.RemoveDirectory => "rmdir",
        _ => operation.ToString().ToLowerInvariant(),
    };

    [GeneratedRegex("scratch/[0-9a-f]{16}/")]
    private static partial Regex RandomDirectory();

    [GeneratedRegex(@"([0-9a-f]{4})[0-9a-f]{12}(?!\.log)")]
    private static partial Regex RandomName();
}
