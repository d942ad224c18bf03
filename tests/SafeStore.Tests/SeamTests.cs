using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace SafeStore.Tests;

public sealed partial class SeamTests
{
    [Fact]
    public void The_engine_stays_behind_its_seam()
    {
        string[] files = [.. Sources()];
        Assert.True(files.Length > 50, "the sources were not found");
        foreach (string file in files.Where(static file => !file.Contains("/src/SafeStore.FileSystem/", StringComparison.Ordinal)))
        {
            Assert.False(NativeCode().IsMatch(File.ReadAllText(file)), file);
        }
    }

    /// <summary>The paths of a simulated machine are those of Linux on every system.</summary>
    [Fact]
    public void No_path_of_the_engine_or_a_simulated_machine_is_formed_by_the_system_s_rules() =>
        Assert.DoesNotContain(
            Sources().Where(static file => file.Contains("/src/SafeStore/", StringComparison.Ordinal)
                || file.Contains("/src/SafeStore.Testing/", StringComparison.Ordinal)),
            static file => SystemPath().IsMatch(File.ReadAllText(file)));

    [Fact]
    public void No_source_file_is_longer_than_400_lines() =>
        Assert.DoesNotContain(Sources(), static file => File.ReadLines(file).Count() > 400);

    private static IEnumerable<string> Sources()
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "SafeStore.sln")))
        {
            root = Path.GetDirectoryName(root);
        }

        Assert.NotNull(root);
        return Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static file => !file.Contains("/obj/", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\bunsafe\b(?!-inline)|\[LibraryImport|\[DllImport", RegexOptions.CultureInvariant)]
    private static partial Regex NativeCode();

    [GeneratedRegex(@"(?<![\w.])(System\.IO\.)?Path\.[A-Z]\w*(\(|Separator)", RegexOptions.CultureInvariant)]
    private static partial Regex SystemPath();
}
