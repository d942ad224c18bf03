using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// Adds to a sandbox of Kata's successor the documents of the model that its <c>persist.json</c> stands for
/// (<see cref="PersistConversion"/>). <c>persist.json</c> stays beside them, byte for byte; a document that the tree has itself is not
/// replaced.
/// </summary>
internal sealed class PersistTranslation(SandboxModel model)
{
    private static readonly IReadOnlyList<string> s_notes = ["made from persist.json"];

    public SourceSandbox Translate(SourceSandbox sandbox)
    {
        // What is damaged has its report already.
        SourceFile[] files = [.. sandbox.Files.Where(static file =>
            file.Document is { } document && document.Root == PersistDocuments.Sandbox.Root
                && document.File == PersistDocuments.Sandbox.File)];
        if (files.FirstOrDefault(static file => file.Document!.Container is null) is not { } own
            || JsonSerializer.Deserialize(own.Bytes, PersistDocuments.Sandbox.Json) is not { } persist)
        {
            return sandbox;
        }

        var containers = new Dictionary<string, PersistContainer>(StringComparer.Ordinal);
        foreach (SourceFile file in files.Where(static file => file.Document!.Container is not null))
        {
            if (JsonSerializer.Deserialize(file.Bytes, PersistDocuments.Container.Json) is { } found)
            {
                containers.Add(file.Document!.Container!, found);
            }
        }

        ConvertedSandbox converted = PersistConversion.Convert(sandbox.Id, persist, containers);
        HashSet<DocumentId> present = [.. sandbox.Files.Where(static file => file.Report.File is not null).Select(TreeReader.IdOf)];
        return sandbox with { Files = [.. sandbox.Files, .. DocumentsOf(converted).Where(file => !present.Contains(file.Document!))] };
    }

    private IEnumerable<SourceFile> DocumentsOf(ConvertedSandbox sandbox) =>
    [
        .. Document(sandbox.Id, null, model.SandboxConfig, sandbox.Config, nameof(SandboxConfig)),
        .. Document(sandbox.Id, null, model.SandboxState, sandbox.State, nameof(State)),
        .. Document(sandbox.Id, null, model.Network, sandbox.Network, nameof(NetworkNamespace)),
        .. Document(sandbox.Id, null, model.Devices, sandbox.Devices, nameof(SandboxModel.Devices)),
        .. Document(sandbox.Id, null, model.Qemu, sandbox.Qemu, nameof(QemuState)),
        .. Document(sandbox.Id, null, model.Firecracker, sandbox.Firecracker, nameof(FirecrackerState)),
        .. Document(sandbox.Id, null, model.Agent, sandbox.Agent, nameof(AgentState)),
        .. sandbox.Containers.Values.OrderBy(static container => container.Id, StringComparer.Ordinal)
            .SelectMany(container => DocumentsOf(sandbox.Id, container)),
    ];

    private IEnumerable<SourceFile> DocumentsOf(string sandbox, ConvertedContainer container) =>
    [
        .. Document(sandbox, container.Id, model.ContainerConfig, container.Config, nameof(ContainerConfig)),
        .. Document(sandbox, container.Id, model.ContainerState, container.State, nameof(State)),
        .. Document(sandbox, container.Id, model.Process, container.Process, nameof(ContainerProcess)),
        .. Document(sandbox, container.Id, model.Mounts, container.Mounts, nameof(SandboxModel.Mounts)),
        .. Document(sandbox, container.Id, model.ContainerDevices, container.Devices, nameof(SandboxModel.ContainerDevices)),
    ];

    private static IEnumerable<SourceFile> Document<T>(string sandbox, string? container, DocumentKind<T> kind, T? value, string name)
        where T : class
    {
        if (value is null)
        {
            yield break;
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(value, kind.Json);
        yield return new SourceFile(
            new FileReport(FileOutcome.Ok, kind.Root, sandbox, container, kind.File) { Bytes = json.Length, Kind = name, Notes = s_notes },
                string.Empty, json)
        {
            Document = DocumentId.Trusted(sandbox, container, kind.Root, kind.File),
        };
    }
}
