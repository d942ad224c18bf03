using System.Collections.Generic;

namespace SafeStore.Cli;

/// <summary>What the tool's exit codes mean (docs/cli.md, "Exit codes").</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The command could not do its work; why is on stderr.</summary>
    public const int Failed = 1;

    /// <summary>It did its work and found something wrong: a document that cannot be read, a log that is damaged.</summary>
    public const int Findings = 2;

    /// <summary>The store became faulted in the middle: a sync failed.</summary>
    public const int Faulted = 3;

    /// <summary>The command line is wrong (EX_USAGE of sysexits.h).</summary>
    public const int Usage = 64;

    /// <summary>No reader of the output is left: what a shell reports for a program that SIGPIPE ended.</summary>
    public const int BrokenPipe = 128 + 13;

    public const int Interrupted = 128 + 2;

    public const int Terminated = 128 + 15;

    /// <summary>What help and manual say of them.</summary>
    public static IReadOnlyList<(string Code, string Meaning)> Meanings { get; } =
    [
        ("0", "done"),
        ("1", "failed"),
        ("2", "done with findings"),
        ("3", "the store is faulted"),
        ("64", "wrong command line"),
        ("130, 143", "ended by SIGINT, SIGTERM"),
        ("141", "no reader of the output is left"),
    ];
}
