using System.CommandLine;

namespace SafeStore.Cli.Repair;

internal static class RepairCommand
{
    public static Command Create() => new("repair", "todo");
}
