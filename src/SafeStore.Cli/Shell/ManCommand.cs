using System.CommandLine;
using System.IO;
using System.Text;

namespace SafeStore.Cli.Shell;

/// <summary><c>man</c>: the manual page of the whole tool, made of the texts of its help.</summary>
internal static class ManCommand
{
    public static Command Create(RootCommand root)
    {
        var command = new Command(
            "man",
            "Writes the manual page safestore(1), in the language of man(7): safestore man > safestore.1; man ./safestore.1. Exit codes: "
            + "0 done, 1 standard output could not be written.");
        command.SetAction(_ => Tool.GuardAsync(async _ =>
        {
            await using Stream output = StandardOutput.Open();
            await output.WriteAsync(Encoding.UTF8.GetBytes(ManPage.Of(root)));
            return ExitCode.Ok;
        }));
        return command;
    }
}
