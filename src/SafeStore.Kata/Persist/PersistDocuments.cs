using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// The documents of Kata from 1.11 on: one <c>persist.json</c> for a sandbox, and one for each container. <see cref="PersistConversion"/>
/// makes the documents of <see cref="SandboxModel"/> of them.
/// </summary>
public static class PersistDocuments
{
    private const string File = "persist.json";

    /// <summary>These types, and those of the model: what both have is read by the model's rules.</summary>
    internal static JsonSerializerOptions Json { get; } =
        ModelOptions.Of(
            JsonTypeInfoResolver.Combine(ModelJson.Default, PersistJson.Default).WithAddedModifier(PersistCgroup.LeaveOutMissingLimits));

    /// <summary>A sandbox as Kata from 1.11 on stores it.</summary>
    public static DocumentKind<PersistSandbox> Sandbox { get; } =
        DocumentKind.OfSandbox(File, StoreRoot.Run, Json.InfoOf<PersistSandbox>());

    /// <summary>A container as Kata from 1.11 on stores it.</summary>
    public static DocumentKind<PersistContainer> Container { get; } =
        DocumentKind.OfContainer(File, StoreRoot.Run, Json.InfoOf<PersistContainer>());
}
