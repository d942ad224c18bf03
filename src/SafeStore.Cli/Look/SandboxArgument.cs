using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;
using SafeStore.Cli.Shell;
using SafeStore.Vocabulary;

namespace SafeStore.Cli.Look;

/// <summary>The argument SANDBOX: one sandbox instead of all.</summary>
internal static class SandboxArgument
{
    public static Argument<string?> Optional(Command command)
    {
        var sandbox = new Argument<string?>("SANDBOX")
        {
            Description = "A sandbox; without it, all of them.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        sandbox.Validators.Add(Check);
        sandbox.CompletionSources.Add(StoreNames.Sandboxes);
        command.Add(sandbox);
        return sandbox;
    }

    /// <summary>Refuses what cannot be the id of a sandbox.</summary>
    public static void Check(SymbolResult result)
    {
        foreach (Token token in result.Tokens.Where(static token => !Identifier.IsValid(token.Value)))
        {
            result.AddError($"'{token.Value}' cannot be the id of a sandbox: 1 to 128 of A-Z a-z 0-9 _ . -, a letter or digit first.");
        }
    }
}
