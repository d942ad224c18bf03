using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Documents;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// Tells of a document's bytes whether they are what they should be: which kind of document it is, whether it can be read as its type, and
/// whether it would be written back with the same value. Works in memory; safe for concurrent use.
/// </summary>
public sealed class DocumentReading
{
    private const string HypervisorFile = "hypervisor.json";

    private readonly SandboxModel _model;
    private readonly Dictionary<(DocumentScope Scope, StoreRoot Root, string File), KnownDocument> _known;
    private readonly Dictionary<string, KnownDocument> _hypervisors;

    /// <summary>Reads documents of a model.</summary>
    /// <param name="model">Which documents are which type; null for the model with the built-in kinds.</param>
    public DocumentReading(SandboxModel? model = null)
    {
        _model = model ?? SandboxModel.Default;
        _known = KnownOf(_model).ToDictionary(static known => (known.Kind.Scope, known.Kind.Root, known.Kind.File));
        _hypervisors = new Dictionary<string, KnownDocument>(StringComparer.Ordinal)
        {
            ["qemu"] = new KnownDocument<QemuState>(_model.Qemu, nameof(QemuState)),
            ["firecracker"] = new KnownDocument<FirecrackerState>(_model.Firecracker, nameof(FirecrackerState)),
        };
    }

    /// <summary>Reads a document as its type and writes it back.</summary>
    /// <param name="document">Which document: its file, root and scope say what type it is.</param>
    /// <param name="json">Its bytes.</param>
    /// <param name="hypervisorType">
    /// What its sandbox's <see cref="SandboxConfig.HypervisorType"/> says, on which the type of <c>hypervisor.json</c> depends; null if it
    /// is not known.
    /// </param>
    public DocumentReport Read(DocumentId document, ReadOnlySpan<byte> json, string? hypervisorType)
    {
        ArgumentNullException.ThrowIfNull(document);
        KnownDocument? known = Find(document, hypervisorType);
        return JsonRules.FindFaultStrictly(json) is { } fault ? DocumentReport.Damaged(known?.Name, fault.Position, fault.Reason)
            : known is null ? new DocumentReport(DocumentVerdict.UnknownKind, null, null)
            : known.Read(document, json);
    }

    /// <summary>The type of hypervisor that a sandbox's configuration names; null if it cannot be read.</summary>
    /// <param name="sandboxConfig">The bytes of the sandbox's <c>config.json</c>.</param>
    public static string? HypervisorTypeOf(ReadOnlySpan<byte> sandboxConfig)
    {
        if (JsonRules.FindFaultStrictly(sandboxConfig) is not null)
        {
            return null;
        }

        JsonElement config = JsonElement.Parse(sandboxConfig);
        return config.ValueKind != JsonValueKind.Object ? null
            : config.EnumerateObject()
                .FirstOrDefault(
                static member => member.Name.Equals(nameof(SandboxConfig.HypervisorType), StringComparison.OrdinalIgnoreCase))
                .Value is { ValueKind: JsonValueKind.String } type
            ? type.GetString()
            : null;
    }

    /// <summary>Whether a document is the one that <see cref="HypervisorTypeOf"/> reads.</summary>
    /// <param name="document">Which document.</param>
    public bool IsSandboxConfig(DocumentId document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return document.Container is null && document.Root == _model.SandboxConfig.Root && document.File == _model.SandboxConfig.File;
    }

    private KnownDocument? Find(DocumentId document, string? hypervisorType) =>
        document is { Container: null, Root: StoreRoot.Run, File: HypervisorFile }
            ? _hypervisors.GetValueOrDefault(hypervisorType ?? string.Empty)
            : _known.GetValueOrDefault(
                (document.Container is null ? DocumentScope.Sandbox : DocumentScope.Container, document.Root, document.File));

    private static IEnumerable<KnownDocument> KnownOf(SandboxModel model) =>
    [
        new KnownDocument<SandboxConfig>(
            model.SandboxConfig, nameof(SandboxConfig), static (document, config) => NoteOnId(config.Id, document.Sandbox)),
        new KnownDocument<ContainerConfig>(
            model.ContainerConfig, nameof(ContainerConfig), static (document, config) => NoteOnId(config.Id, document.Container!)),
        new KnownDocument<State>(model.SandboxState, nameof(State)),
        new KnownDocument<State>(model.ContainerState, nameof(State)),
        new KnownDocument<NetworkNamespace>(model.Network, nameof(NetworkNamespace), static (_, network) => NotesOnEndpoints(network)),
        new KnownDocument<AgentState>(model.Agent, nameof(AgentState)),
        new KnownDocument<ContainerProcess>(model.Process, nameof(ContainerProcess)),
        new KnownDocument<IReadOnlyList<Mount>>(model.Mounts, nameof(SandboxModel.Mounts)),
        new KnownDocument<IReadOnlyList<Device>>(
            model.Devices, nameof(SandboxModel.Devices), static (_, devices) => NotesOnDevices(devices), MisfitOfDevices),
        new KnownDocument<IReadOnlyList<ContainerDevice>>(
            model.ContainerDevices, nameof(SandboxModel.ContainerDevices), misfit: MisfitOfContainerDevices),
        new KnownDocument<PersistSandbox>(PersistDocuments.Sandbox, nameof(PersistSandbox)),
        new KnownDocument<PersistContainer>(PersistDocuments.Container, nameof(PersistContainer)),
        new KnownDocument<IntentDocument>(model.Intents, "Intents"),
    ];

    private static string[] NoteOnId(string inside, string path) =>
        inside == path ? [] : [$"its ID is '{inside}', not that of its directory"];

    private static IReadOnlyList<string> NotesOnDevices(IReadOnlyList<Device> devices) =>
        [.. devices.OfType<RawDevice>().Select(static device => NoteOnRaw("device", device.Kind, device.Reason))];

    private static IReadOnlyList<string> NotesOnEndpoints(NetworkNamespace network) =>
        [.. (network.Endpoints ?? []).OfType<RawEndpoint>()
            .Select(static endpoint => NoteOnRaw("endpoint", endpoint.Kind, endpoint.Reason))];

    private static string NoteOnRaw(string what, string kind, string reason) => $"{what} of kind '{kind}' kept as it stands: {reason}";

    // The seed stores both lists under one name and has written either over the other: the scope says which one a file must be.
    private static string? MisfitOfDevices(JsonElement list) =>
        HasEntry(list, static entry => Has(entry, "ContainerPath") && !Has(entry, "Type"))
            ? "it has the shape of a container's list of devices" : null;

    private static string? MisfitOfContainerDevices(JsonElement list) =>
        HasEntry(list, static entry => Has(entry, "Type") && Has(entry, "Data")) ? "it has the shape of a sandbox's list of devices" : null;

    private static bool HasEntry(JsonElement list, Func<JsonElement, bool> condition) =>
        list.ValueKind == JsonValueKind.Array
            && list.EnumerateArray().Any(entry => entry.ValueKind == JsonValueKind.Object && condition(entry));

    private static bool Has(JsonElement entry, string name) =>
        entry.EnumerateObject().Any(member => member.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
