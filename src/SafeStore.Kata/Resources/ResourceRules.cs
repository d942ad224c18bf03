using System;
using System.Linq;

namespace SafeStore.Kata;

/// <summary>The seed's rules of arguments, in the seed's order: sandbox id, container id, resource, type.</summary>
internal sealed class ResourceRules(ResourceSlot[] slots)
{
    public static string CheckSandbox(string? sandbox) =>
        string.IsNullOrWhiteSpace(sandbox) ? throw new ResourceArgumentException(ResourceFault.SandboxIdMissing, nameof(sandbox)) : sandbox;

    public static string CheckContainer(string? container) =>
        string.IsNullOrWhiteSpace(container) ? throw new ResourceArgumentException(ResourceFault.ContainerIdMissing, nameof(container))
            : container;

    /// <summary>A type in words.</summary>
    public static string NameOf(Type? type) => type switch
    {
        null => "null",
        { IsArray: true } => $"list of {type.GetElementType()!.Name}",
        { IsGenericType: true } => $"list of {type.GetGenericArguments()[0].Name}",
        _ => type.Name,
    };

    /// <summary>The document that a value is to become.</summary>
    public ResourceSlot SlotFor(SandboxResource resource, DocumentScope scope, object? value)
    {
        CheckResource(resource, scope);
        string type = slots.FirstOrDefault(slot => slot.Takes(value))?.TypeName
            ?? throw new ResourceArgumentException(
                ResourceFault.InvalidDataType, nameof(value), $"no resource is a {NameOf(value?.GetType())}");
        return slots.FirstOrDefault(slot => slot.Resource == resource && slot.Kind.Scope == scope && slot.Takes(value))
            ?? throw new ResourceArgumentException(
                ResourceFault.InvalidResource, nameof(resource), $"the resource '{resource}' of a {NameOf(scope)} is not a {type}");
    }

    /// <summary>The document that a value is wanted of.</summary>
    public ResourceSlot SlotFor(SandboxResource resource, DocumentScope scope, Type type)
    {
        CheckResource(resource, scope);
        return slots.FirstOrDefault(slot => slot.Resource == resource && slot.Kind.Scope == scope && slot.Gives(type))
            ?? throw new ResourceArgumentException(
                ResourceFault.InvalidResource, nameof(resource), $"the resource '{resource}' of a {NameOf(scope)} is not a {NameOf(type)}");
    }

    /// <summary>A document of a resource, whatever its type.</summary>
    public DocumentKind KindOf(SandboxResource resource, DocumentScope scope)
    {
        CheckResource(resource, scope);
        return slots.First(slot => slot.Resource == resource && slot.Kind.Scope == scope).Kind;
    }

    private void CheckResource(SandboxResource resource, DocumentScope scope)
    {
        if (!slots.Any(slot => slot.Resource == resource && slot.Kind.Scope == scope))
        {
            throw new ResourceArgumentException(
                ResourceFault.InvalidResource, nameof(resource), $"a {NameOf(scope)} has no resource '{resource}'");
        }
    }

    private static string NameOf(DocumentScope scope) => scope == DocumentScope.Sandbox ? "sandbox" : "container";
}
