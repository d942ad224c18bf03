using System;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace SafeStore.Cli.Tests.Documentation;

/// <summary>The source generator of JSON that every project has, from the SDK that runs the tests.</summary>
internal static class SourceGenerators
{
    private const string Json = "System.Text.Json.SourceGeneration.dll";

    private static readonly ISourceGenerator[] Generators =
        [.. new AnalyzerFileReference(FindJson(), new AnalyzerLoader()).GetGenerators(LanguageNames.CSharp)];

    /// <summary>The program with what is generated for it.</summary>
    public static Compilation Run(Compilation compilation, CSharpParseOptions language)
    {
        CSharpGeneratorDriver.Create(Generators, parseOptions: language)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation generated, out _);
        return generated;
    }

    private static string FindJson()
    {
        // <dotnet>/shared/Microsoft.NETCore.App/<version>/System.Private.CoreLib.dll
        string packs = Path.Combine(
            Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "packs", "Microsoft.NETCore.App.Ref");
        return Directory.EnumerateFiles(packs, Json, SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
    }

    private sealed class AnalyzerLoader : IAnalyzerAssemblyLoader
    {
        public void AddDependencyLocation(string fullPath)
        {
        }

        public System.Reflection.Assembly LoadFromPath(string fullPath) => System.Reflection.Assembly.LoadFrom(fullPath);
    }
}
