using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using SafeStore.Documentation;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>
/// A C# block as a program: its context and its statements first, then its types, with the usings that a new project has, those of the
/// libraries and the types of <see cref="Samples.MyJson"/>'s namespace.
/// </summary>
internal static class CSharpSnippet
{
    private const string Usings = """
        using System; using System.Collections.Generic; using System.IO; using System.Linq;
        using System.Threading; using System.Threading.Tasks;
        using System.Text.Json; using System.Text.Json.Serialization;
        using SafeStore; using SafeStore.FileSystem; using SafeStore.Sandboxes; using SafeStore.Kata; using SafeStore.Testing;
        using SafeStore.Cli.Tests.Documentation.Samples;

        """;

    private static readonly CSharpParseOptions Language = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview);

    public static MetadataReference[] References { get; } =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(static path => MetadataReference.CreateFromFile(path))];

    /// <summary>What the compiler says of it; empty if it compiles.</summary>
    public static IReadOnlyList<string> ErrorsOf(Snippet snippet)
    {
        CompilationUnitSyntax[] written = [Parse(snippet.Context), Parse(snippet.Text)];
        CompilationUnitSyntax program = Parse(Usings)
            .AddUsings([.. written.SelectMany(static part => part.Usings)])
            .WithMembers(
                [.. written.SelectMany(static part => part.Members).OrderBy(static member => member is not GlobalStatementSyntax)]);
        var compilation = CSharpCompilation.Create(
            "Snippet",
            [CSharpSyntaxTree.Create(program, Language)],
            References,
            new CSharpCompilationOptions(
                program.Members.OfType<GlobalStatementSyntax>().Any() ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable));
        return
        [
            .. written.SelectMany(static part => part.GetDiagnostics()).Concat(compilation.GetDiagnostics())
                .Where(static found => found.Severity == DiagnosticSeverity.Error)
                .Select(found => $"{snippet.Page}:{snippet.Line}: {found.Id} {found.GetMessage(null)} at "
                    + found.Location.SourceTree?.GetText().Lines[found.Location.GetLineSpan().StartLinePosition.Line]),
        ];
    }

    private static CompilationUnitSyntax Parse(string text) => CSharpSyntaxTree.ParseText(text, Language).GetCompilationUnitRoot();
}
