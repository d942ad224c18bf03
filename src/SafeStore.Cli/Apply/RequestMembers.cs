using System;
using System.Collections.Generic;

namespace SafeStore.Cli.Apply;

/// <summary>The names that an object of a line has had so far; none may come twice.</summary>
internal readonly struct Members(string where)
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    public int Count => _names.Count;

    public void Add(string name)
    {
        if (!_names.Add(name))
        {
            throw new BadRequestException($"'{name}' appears twice in {where}.");
        }
    }
}

/// <summary>What the members of a sandbox's object have said.</summary>
internal struct SandboxMembers
{
    public string? Sandbox;
    public Lsn? Required;
    public List<RequestedOperation>? Operations;
    public bool IsNew;

    public readonly SandboxRequest ToRequest() => new(
        Sandbox ?? throw new BadRequestException("'sandbox' is missing."),
        IsNew,
        Required,
        Operations ?? throw new BadRequestException("'ops' is missing."));
}

/// <summary>What the members of an operation's object have said.</summary>
internal struct OperationMembers
{
    public StoreRoot? Root;
    public bool HasContainer;
    public string? Container;
    public ReadOnlyMemory<byte>? Value;
    public bool ForgetsIntents;
    private string? _verb;
    private string? _name;

    public void SetVerb(string verb, string name)
    {
        if (_verb is not null)
        {
            throw new BadRequestException($"An operation does one thing, not both '{_verb}' and '{verb}'.");
        }

        (_verb, _name) = (verb, name);
    }

    /// <summary>The operation; null for the creation of the sandbox.</summary>
    public readonly RequestedOperation? ToOperation()
    {
        if (_verb is not ("put" or "delete") && (Root is not null || HasContainer))
        {
            throw new BadRequestException($"'root' and 'container' belong to 'put' and 'delete' only.");
        }

        if (_verb is not "put" && Value is not null)
        {
            throw new BadRequestException("'value' belongs to 'put' only.");
        }

        if (_verb is not "removeSandbox" && ForgetsIntents)
        {
            throw new BadRequestException("'forgetIntents' belongs to 'removeSandbox' only.");
        }

        return _verb switch
        {
            "put" => new PutOperation(
                Root ?? StoreRoot.Run, Container, _name!, Value ?? throw new BadRequestException("'value' is missing.")),
            "delete" => new DeleteOperation(Root ?? StoreRoot.Run, Container, _name!),
            "createContainer" => new CreateContainerOperation(_name!),
            "removeContainer" => new RemoveContainerOperation(_name!),
            "createSandbox" => null,
            "removeSandbox" => new RemoveSandboxOperation(ForgetsIntents),
            _ => throw new BadRequestException(
            "An operation is one of put, delete, createContainer, removeContainer, createSandbox, removeSandbox."),
        };
    }
}
