using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Consumer.Tests;

/// <summary>What lies in each package, and what it says of itself.</summary>
public sealed partial class PackageTests
{
    private static readonly string Folder = Variable("SafeStorePackages");
    private static readonly string Version = Variable("SafeStoreVersion");

    public static TheoryData<string> Packages =>
        [.. Directory.GetFiles(Folder, "*.nupkg").Select(path => Path.GetFileName(path)[..^$".{Version}.nupkg".Length])];

    public static TheoryData<string> Libraries => [.. Packages.Select(row => row.Data).Where(id => id != "SafeStore.Cli")];

    [Fact]
    public void The_core_its_layers_and_the_tool_are_packed() =>
        Assert.Superset(
            new HashSet<string>
            {
                "SafeStore", "SafeStore.Cli", "SafeStore.Configuration", "SafeStore.DataProtection", "SafeStore.FileSystem",
                "SafeStore.Kata", "SafeStore.Operations", "SafeStore.Sandboxes", "SafeStore.Testing",
            },
            Packages.Select(row => row.Data).ToHashSet());

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_package_says_what_it_is_and_where_it_comes_from(string id)
    {
        XElement[] said = [.. Specification(id).Descendants()];
        string Of(string name) => said.Single(element => element.Name.LocalName == name).Value;
        XElement repository = said.Single(element => element.Name.LocalName == "repository");

        Assert.Equal(Version, Of("version"));
        Assert.Equal("Apache-2.0", Of("license"));
        Assert.Contains("safestore", Of("tags"), StringComparison.Ordinal);
        Assert.InRange(Of("description").Length, 40, 300);
        Assert.Equal(Of("projectUrl"), repository.Attribute("url")!.Value);
        Assert.Equal(Variable("SafeStoreCommit"), repository.Attribute("commit")!.Value);
        Assert.Equal(("README.md", "icon.png"), (Of("readme"), Of("icon")));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_package_has_an_icon_and_the_licence(string id)
    {
        byte[] icon = Content(id, "icon.png");

        Assert.Equal("PNG", Encoding.ASCII.GetString(icon, 1, 3));
        Assert.Equal((128, 128), ((icon[18] << 8) + icon[19], (icon[22] << 8) + icon[23]));
        Assert.Contains("Apache License", Text(id, "LICENSE"), StringComparison.Ordinal);
    }

    /// <summary>A package site shows the readme alone, so that its links have to be whole.</summary>
    [Theory]
    [MemberData(nameof(Packages))]
    public void The_readme_of_a_package_links_to_the_project_alone(string id)
    {
        string project = Specification(id).Descendants().Single(element => element.Name.LocalName == "projectUrl").Value;
        string[] links = [.. Link().Matches(Text(id, "README.md")).Select(match => match.Groups[1].Value)];

        string install = id == "SafeStore.Cli" ? "tool install --global" : "add package";
        Assert.Contains($"dotnet {install} {id}", Text(id, "README.md"), StringComparison.Ordinal);
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(link == project || link.StartsWith($"{project}/blob/main/", StringComparison.Ordinal), link));
        Assert.All(
            links.Where(link => link != project),
            link => Assert.True(File.Exists(Path.Combine(Variable("SafeStoreSources"), link[$"{project}/blob/main/".Length..])), link));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void A_package_tells_the_packages_below_it_as_CycloneDX(string id)
    {
        using JsonDocument bill = JsonDocument.Parse(Content(id, "bom.cdx.json"));
        JsonElement self = bill.RootElement.GetProperty("metadata").GetProperty("component");
        string[] needed = [.. Specification(id).Descendants().Where(element => element.Name.LocalName == "dependency")
            .Select(element => $"pkg:nuget/{element.Attribute("id")!.Value}@{element.Attribute("version")!.Value.Trim('[', ']')}")];
        string[] told = [.. bill.RootElement.GetProperty("components").EnumerateArray()
            .Select(component => component.GetProperty("purl").GetString()!)];

        Assert.Equal("CycloneDX", bill.RootElement.GetProperty("bomFormat").GetString());
        Assert.Equal($"pkg:nuget/{id}@{Version}", self.GetProperty("purl").GetString());
        Assert.Superset(needed.ToHashSet(), told.ToHashSet());
    }

    /// <summary>They share internals.</summary>
    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_takes_those_of_SafeStore_in_its_own_version_only(string id) =>
        Assert.All(
            Specification(id).Descendants().Where(element => element.Name.LocalName == "dependency")
                .Where(element => element.Attribute("id")!.Value.StartsWith("SafeStore", StringComparison.Ordinal)),
            element => Assert.Equal($"[{Version}]", element.Attribute("version")!.Value));

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_has_its_documentation_beside_it(string id) =>
        Assert.Contains("<summary>", Text(id, $"lib/net10.0/{id}.xml"), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_symbols_of_a_library_lead_to_its_sources(string id)
    {
        using ZipArchive symbols = ZipFile.OpenRead(Path.Combine(Folder, $"{id}.{Version}.snupkg"));
        string link = $"https://raw.githubusercontent.com/safestore/safestore/{Variable("SafeStoreCommit")}/*";

        Assert.Contains(link, Encoding.UTF8.GetString(Read(symbols, $"lib/net10.0/{id}.pdb")), StringComparison.Ordinal);
    }

    private static XDocument Specification(string id) => XDocument.Load(new MemoryStream(Content(id, $"{id}.nuspec")));

    private static string Text(string id, string entry) => Encoding.UTF8.GetString(Content(id, entry));

    private static byte[] Content(string id, string entry)
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(Folder, $"{id}.{Version}.nupkg"));
        return Read(package, entry);
    }

    private static byte[] Read(ZipArchive archive, string entry)
    {
        using Stream from = (archive.GetEntry(entry) ?? throw new InvalidDataException($"There is no {entry}.")).Open();
        using var content = new MemoryStream();
        from.CopyTo(content);
        return content.ToArray();
    }

    private static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set: run tests/consumer/run.sh.");

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();
}
