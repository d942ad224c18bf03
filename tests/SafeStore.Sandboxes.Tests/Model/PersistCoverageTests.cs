using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using SafeStore.Kata;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Model;

/// <summary>Nothing of persist.json is lost on the way, but for what the documentation says (docs/persist.md).</summary>
public sealed class PersistCoverageTests
{
    /// <summary>Members that have another name in the seed's documents.</summary>
    private static readonly Dictionary<string, string> s_renamed = new(StringComparer.Ordinal)
    {
        ["GuestMemoryBlockSizeMB"] = "guestMemoryBlockSize",
        ["DeviceAddr"] = "Address",
        ["ContainerConfigs"] = "Containers",
        ["KataShimConfig"] = "ShimConfig",
    };

    public static TheoryData<string> Sandboxes => [.. PersistTree.Ids];

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public void Every_member_of_a_sandbox_is_in_a_document_or_in_the_list_of_what_stays(string id)
    {
        string[] stays = id == PersistTree.Ordinary ? [] : ["HypervisorState"]; // the others' hypervisors are neither qemu nor firecracker

        MemberSet documents = DocumentsOf(PersistTree.Read(id).Convert());

        Assert.Empty(documents.NotIn(FileOf(id), s_renamed, stays));
    }

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public void Every_member_of_a_sandbox_of_a_known_hypervisor_is_in_a_document(string id)
    {
        foreach (string hypervisor in (string[])["qemu", "firecracker"])
        {
            PersistTree tree = PersistTree.Read(id);
            PersistSandbox sandbox = tree.Sandbox with { HypervisorState = tree.Sandbox.HypervisorState with { Type = hypervisor } };

            Assert.Empty(DocumentsOf((tree with { Sandbox = sandbox }).Convert()).NotIn(Reread.ToJson(sandbox), s_renamed, []));
        }
    }

    [Theory]
    [MemberData(nameof(Sandboxes))]
    public void Every_member_of_a_container_is_in_a_document(string id)
    {
        foreach ((string name, ConvertedContainer converted) in PersistTree.Read(id).Convert().Containers)
        {
            var found = new MemberSet();
            found.Add(SandboxModel.Default.ContainerState, converted.State);
            found.Add(SandboxModel.Default.Process, converted.Process);
            found.Add(SandboxModel.Default.Mounts, converted.Mounts, "Mounts");
            found.Add(SandboxModel.Default.ContainerDevices, converted.Devices, "DeviceMaps");

            Assert.Empty(found.NotIn(FileOf(Path.Combine(id, name)), s_renamed, []));
        }
    }

    private static MemberSet DocumentsOf(ConvertedSandbox converted)
    {
        var members = new MemberSet();
        members.Add(SandboxModel.Default.SandboxConfig, converted.Config);
        members.Add(SandboxModel.Default.SandboxState, converted.State);
        members.Add(SandboxModel.Default.Network, converted.Network);
        members.Add(SandboxModel.Default.Qemu, converted.Qemu);
        members.Add(SandboxModel.Default.Firecracker, converted.Firecracker);
        members.Add(SandboxModel.Default.Agent, converted.Agent);
        members.Add(SandboxModel.Default.Devices, converted.Devices, "Devices");
        return members;
    }

    private static JsonElement FileOf(string directory) =>
        JsonElement.Parse(File.ReadAllBytes(Path.Combine(Trees.PersistRun, directory, "persist.json")));

    /// <summary>The members with plain values, by name and value, each as often as it is there.</summary>
    private sealed class MemberSet
    {
        private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

        public void Add<T>(DocumentKind<T> kind, T? document, string name = "")
        {
            JsonElement json = JsonSerializer.SerializeToElement(document!, kind.Json);
            Assert.True(SandboxModel.AreEqual(kind, document, json.Deserialize(kind.Json)),
                "The document cannot be read back as it was written");
            foreach ((string member, string value, _) in LeavesOf(json, name, string.Empty))
            {
                _counts[KeyOf(member, value)] = _counts.GetValueOrDefault(KeyOf(member, value)) + 1;
            }
        }

        public IEnumerable<string> NotIn(JsonElement file, Dictionary<string, string> renamed, string[] without)
        {
            foreach ((string name, string value, string path) in file.EnumerateObject().Where(member => !without.Contains(member.Name))
                .SelectMany(member => LeavesOf(member.Value, member.Name, member.Name)))
            {
                if (!Take(KeyOf(name, value)) && !Take(KeyOf(renamed.GetValueOrDefault(name, name), value)))
                {
                    yield return path;
                }
            }
        }

        private bool Take(string key)
        {
            int left = _counts.GetValueOrDefault(key);
            _counts[key] = left - 1;
            return left > 0;
        }

        private static string KeyOf(string name, string value) => $"{name.ToUpperInvariant()}={value}";

        /// <summary>
        /// An entry of a list has the list's name. An object without members is a value, and so is null; an empty list is null.
        /// </summary>
        private static IEnumerable<(string Name, string Value, string Path)> LeavesOf(JsonElement element, string name, string path) =>
            element.ValueKind switch
            {
                JsonValueKind.Object when element.EnumerateObject().Any() =>
                    element.EnumerateObject().SelectMany(member => LeavesOf(member.Value, member.Name, $"{path}/{member.Name}")),
                JsonValueKind.Array when element.GetArrayLength() > 0 =>
                element.EnumerateArray().SelectMany(entry => LeavesOf(entry, name, $"{path}[]")),
                JsonValueKind.Array => [(name, "null", path)],
                JsonValueKind.String => [(name, element.GetString()!, path)],
                _ => [(name, element.GetRawText(), path)],
            };
    }
}
