using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>
/// A C# block that is a whole <c>Program.cs</c>: compiled as a new console project compiles it, and nothing added but the libraries.
/// </summary>
internal static class CSharpProgram
{
    private const string ImplicitUsings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions Language = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview);

    /// <summary>Makes a directory with the program and all that it needs to run by <c>dotnet NAME.dll</c>.</summary>
    public static void Build(string text, string name, string directory)
    {
        Compilation program = SourceGenerators.Run(
            CSharpCompilation.Create(
                name,
                [CSharpSyntaxTree.ParseText(ImplicitUsings, Language), CSharpSyntaxTree.ParseText(text, Language, "Program.cs")],
                CSharpSnippet.References,
                new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable)),
            Language);
        Directory.CreateDirectory(directory);
        using (FileStream assembly = File.Create(Path.Combine(directory, $"{name}.dll")))
        {
            var result = program.Emit(assembly, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Empty(result.Diagnostics.Where(static found => found.Severity >= DiagnosticSeverity.Warning));
        }

        File.Copy(
            Path.Combine(AppContext.BaseDirectory, "SafeStore.Cli.Tests.runtimeconfig.json"),
            Path.Combine(directory, $"{name}.runtimeconfig.json"));
        foreach (string library in Libraries())
        {
            File.CreateSymbolicLink(Path.Combine(directory, Path.GetFileName(library)), library);
        }
    }

    private static IEnumerable<string> Libraries() =>
        new[] { "SafeStore*.dll", "System.IO.*.dll", "TestableIO*.dll", "Testably*.dll", "Polly.Core.dll", "Microsoft.Extensions.*.dll" }
            .SelectMany(static pattern => Directory.EnumerateFiles(AppContext.BaseDirectory, pattern));
}
