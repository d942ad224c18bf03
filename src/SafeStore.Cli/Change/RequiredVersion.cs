using System.CommandLine;

namespace SafeStore.Cli.Change;

/// <summary>The option <c>--require</c>: the version that a sandbox must still have.</summary>
internal static class RequiredVersion
{
    public static Option<long?> Option()
    {
        var require = new Option<long?>("--require")
        {
            Description = "The version (LSN) that the sandbox must still have, or nothing is changed.",
            HelpName = "LSN",
        };
        require.Validators.Add(static result =>
        {
            if (result.Tokens is [{ } token] && !WholeNumber.IsOne(token.Value))
            {
                result.AddError($"--require must be an LSN, a whole number, and not '{token.Value}'.");
            }
        });
        return require;
    }
}
