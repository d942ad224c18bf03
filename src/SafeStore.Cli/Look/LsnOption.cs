using System.CommandLine;
using System.Globalization;

namespace SafeStore.Cli.Look;

/// <summary>The option <c>--from LSN</c>.</summary>
internal static class LsnOption
{
    public static Option<Lsn?> From(Command command, string description)
    {
        var from = new Option<Lsn?>("--from")
        {
            Description = description,
            HelpName = "LSN",
            CustomParser = static result =>
            {
                if (long.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out long lsn))
                {
                    return new Lsn(lsn);
                }

                result.AddError($"--from must be an LSN, a whole number, and not '{result.Tokens[0].Value}'.");
                return null;
            },
        };
        command.Add(from);
        return from;
    }
}
