using System;
using System.Globalization;
using System.IO;

namespace SafeStore.Benchmarks.Running;

/// <summary>The command line: a command, words, and options with a value or without.</summary>
internal sealed class Arguments(string[] arguments)
{
    public string Command => Word(0) ?? "";

    /// <summary>Where to work; the directory is removed at the end.</summary>
    public string Place => Path.GetFullPath(Text("--dir") ?? Path.Join(Path.GetTempPath(), "safestore-bench"));

    public string? Word(int index) => index < arguments.Length && !arguments[index].StartsWith('-') ? arguments[index] : null;

    public bool Has(string option) => Array.IndexOf(arguments, option) >= 0;

    public string? Text(string option)
    {
        int index = Array.IndexOf(arguments, option);
        return index >= 0 && index + 1 < arguments.Length ? arguments[index + 1] : null;
    }

    public int Number(string option, int otherwise) => Text(option) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
