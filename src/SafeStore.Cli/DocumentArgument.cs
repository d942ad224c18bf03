using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;
using SafeStore.Cli.Shell;
using SafeStore.Operations;
using SafeStore.Vocabulary;

namespace SafeStore.Cli;

/// <summary>A document as it is named on the command line; the root is chosen by what is there, or by <c>--root</c>.</summary>
internal sealed record NamedDocument(string Sandbox, string? Container, string File, StoreRoot? Root)
{
    public override string ToString() => Container is null ? $"{Sandbox}/{File}" : $"{Sandbox}/{Container}/{File}";

    public static NamedDocument Parse(string path, StoreRoot? root)
    {
        string[] parts = path.Split('/');
        return new NamedDocument(parts[0], parts.Length == 3 ? parts[1] : null, parts[^1], root);
    }

    public DocumentId In(StoreRoot root) => new(Sandbox, Container, root, File);

    /// <summary>The document that is there, or the one of the root that was named.</summary>
    /// <param name="view">The store.</param>
    /// <param name="mayBeGone">Whether one that does not exist may be named too, with its root.</param>
    /// <exception cref="CommandException">It does not exist, or both roots have it.</exception>
    public DocumentId In(StoreView view, bool mayBeGone = false) =>
        Root is { } root ? In(root) : view.FindDocuments(Sandbox, Container, File) switch
        {
            [var only] => only,
            [] => throw new CommandException($"The document '{this}' does not exist in either root. "
                + (mayBeGone ? "Say in which it is to be: --root config or --root run." : $"See what is there: safestore tree {Sandbox}.")),
            _ => throw new CommandException($"Both roots have a document '{this}'. Say which: --root config or --root run."),
        };
}

/// <summary>The argument DOCUMENT and the option <c>--root</c>.</summary>
internal sealed class DocumentArgument
{
    public const string Form = "A document is SANDBOX/FILE or SANDBOX/CONTAINER/FILE.";

    private readonly Argument<string> _path = new("DOCUMENT") { Description = Form };
    private readonly Option<string> _root = RootOption();

    public DocumentArgument(Command command)
    {
        _path.Validators.Add(static result => Check(result, isDocument: true));
        _path.CompletionSources.Add(StoreNames.Documents);
        command.Add(_path);
        command.Add(_root);
    }

    public static Option<string> RootOption()
    {
        var root = new Option<string>("--root") { Description = "The root, config or run; needed where it is not clear." };
        root.AcceptOnlyFromAmong("config", "run");
        return root;
    }

    public static StoreRoot? RootOf(string? name) => name switch
    {
        null => null,
        "config" => StoreRoot.Config,
        _ => StoreRoot.Run,
    };

    /// <summary>Refuses what can be no path in a store.</summary>
    public static void Check(SymbolResult result, bool isDocument)
    {
        foreach (Token token in result.Tokens.Where(token => !IsPath(token.Value, isDocument)))
        {
            result.AddError(isDocument ? $"'{token.Value}' cannot be a document. {Form}"
                : $"'{token.Value}' can be no sandbox, container or document. It is SANDBOX, SANDBOX/NAME or SANDBOX/CONTAINER/FILE.");
        }
    }

    public NamedDocument Of(ParseResult arguments) =>
        NamedDocument.Parse(arguments.GetValue(_path)!, RootOf(arguments.GetValue(_root)));

    private static bool IsPath(string path, bool isDocument) => path.Split('/') is { Length: <= 3 } parts
        && (!isDocument || parts.Length > 1) && Identifier.IsValid(parts[0]) && parts[1..].All(Identifier.IsFree);
}
