using System;
using System.Collections.Generic;
using System.IO;

namespace Minirun.Tests.Support;

/// <summary>
/// Stands before the programs that a daemon calls. At one command it kills the daemon: before the command, which is then not run; after
/// it; or before it while the command runs all the same, as an orphan.
/// </summary>
internal static class Tripwires
{
    private static readonly string[] Programs = ["ip", "mount", "umount", "runc"];

    /// <summary>The file that an orphan makes as its last deed.</summary>
    public static string OrphanEndOf(Ground ground) => Path.Join(ground.Paths.Root, "orphan-end");

    /// <summary>The environment of a daemon that is killed.</summary>
    /// <param name="ground">Where the scripts lie.</param>
    /// <param name="when">before, after or orphan.</param>
    /// <param name="command">Which command, as a pattern of the shell.</param>
    public static IReadOnlyDictionary<string, string> Set(Ground ground, string when, string command)
    {
        string directory = Directory.CreateDirectory(Path.Join(ground.Paths.Root, "tripwires")).FullName;
        string path = Environment.GetEnvironmentVariable("PATH")!;
        foreach (string program in Programs)
        {
            string script = Path.Join(directory, program);
            File.WriteAllText(script, $"""
                #!/bin/sh
                daemon=$PPID
                PATH='{path}'
                case "{program} $*" in
                    {command}) ;;
                    *) exec {program} "$@" ;;
                esac
                case {when} in
                    before) exec kill -KILL $daemon ;;
                    orphan) kill -KILL $daemon; sleep 0.5; {program} "$@" </dev/null; touch '{OrphanEndOf(ground)}' ;;
                    after) {program} "$@" </dev/null; kill -KILL $daemon ;;
                esac
                """);
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return new Dictionary<string, string> { ["PATH"] = $"{directory}:{path}" };
    }
}
