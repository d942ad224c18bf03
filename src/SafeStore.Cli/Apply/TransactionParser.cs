using System;
using System.Collections.Generic;
using System.Text.Json;
using SafeStore.Documents;

namespace SafeStore.Cli.Apply;

/// <summary>
/// Reads a line of the form that docs/cli-apply.md describes. Members may come in any order; one that is unknown, missing or there twice
/// is an error, since a script that mistypes a name must hear of it. A value's bytes are kept as they stand in the line.
/// </summary>
internal ref struct TransactionParser
{
    // The depth that a document may have, and that of the line around it.
    private const int DepthMax = 64 + 8;

    private readonly ReadOnlyMemory<byte> _line;
    private Utf8JsonReader _reader;

    private TransactionParser(ReadOnlyMemory<byte> line)
    {
        _line = line;
        _reader = new Utf8JsonReader(line.Span, new JsonReaderOptions { MaxDepth = DepthMax });
    }

    /// <exception cref="BadRequestException">The line is not a transaction.</exception>
    public static TransactionRequest Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            var parser = new TransactionParser(line);
            parser._reader.Read();
            TransactionRequest request = parser.ReadTransaction();
            return parser._reader.Read() ? throw new BadRequestException("Something follows the transaction's object.") : request;
        }
        catch (JsonException failure)
        {
            throw new BadRequestException(
                $"The line is not one JSON object: {JsonRules.FirstSentence(failure.Message)} at byte {failure.BytePositionInLine}.");
        }
        catch (InvalidOperationException)
        {
            // What the reader throws for a string that is not valid UTF-8, or with half a surrogate pair.
            throw new BadRequestException("The line is not valid UTF-8, or an escape in it stands for no character.");
        }
    }

    private TransactionRequest ReadTransaction()
    {
        Expect(JsonTokenType.StartObject, "A transaction must be an object");
        var members = new Members("a transaction");
        List<SandboxRequest>? several = null;
        var one = default(SandboxMembers);
        while (NextMember(ref members) is { } name)
        {
            if (name == "sandboxes")
            {
                several = ReadSandboxes();
            }
            else
            {
                ReadSandboxMember(name, ref one, "a transaction");
            }
        }

        return several is null ? new TransactionRequest([one.ToRequest()])
            : members.Count == 1 ? new TransactionRequest(several)
            : throw new BadRequestException("A transaction with 'sandboxes' has no other members.");
    }

    private List<SandboxRequest> ReadSandboxes()
    {
        Expect(JsonTokenType.StartArray, "'sandboxes' must be an array");
        var sandboxes = new List<SandboxRequest>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(JsonTokenType.StartObject, "An element of 'sandboxes' must be an object");
            var members = new Members("an element of 'sandboxes'");
            var one = default(SandboxMembers);
            while (NextMember(ref members) is { } name)
            {
                ReadSandboxMember(name, ref one, "an element of 'sandboxes'");
            }

            SandboxRequest request = one.ToRequest();
            if (!ids.Add(request.Sandbox))
            {
                throw new BadRequestException($"The sandbox '{request.Sandbox}' appears twice in the transaction.");
            }

            sandboxes.Add(request);
        }

        return sandboxes.Count > 0 ? sandboxes : throw new BadRequestException("'sandboxes' must name at least one sandbox.");
    }

    private void ReadSandboxMember(string name, ref SandboxMembers one, string where)
    {
        switch (name)
        {
            case "sandbox":
                one.Sandbox = ReadString(name);
                break;
            case "require":
                one.Required = _reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out long version) && version >= 0
                    ? new Lsn(version)
                    : throw new BadRequestException("'require' must be an LSN, a whole number from 0.");
                break;
            case "ops":
                one.Operations = ReadOperations(out one.IsNew);
                break;
            default:
                throw new BadRequestException($"'{name}' is not a member of {where}.");
        }
    }

    private List<RequestedOperation> ReadOperations(out bool isNew)
    {
        Expect(JsonTokenType.StartArray, "'ops' must be an array");
        var operations = new List<RequestedOperation>();
        isNew = false;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (ReadOperation() is { } operation)
            {
                operations.Add(operation);
            }
            else if (isNew)
            {
                throw new BadRequestException("The sandbox is created twice.");
            }
            else
            {
                isNew = true;
            }
        }

        return operations;
    }

    /// <summary>One operation; null for the creation of the sandbox.</summary>
    private RequestedOperation? ReadOperation()
    {
        Expect(JsonTokenType.StartObject, "An operation must be an object");
        var members = new Members("an operation");
        var found = default(OperationMembers);
        while (NextMember(ref members) is { } name)
        {
            switch (name)
            {
                case "put" or "delete" or "createContainer" or "removeContainer":
                    found.SetVerb(name, ReadString(name));
                    break;
                case "createSandbox" or "removeSandbox":
                    found.SetVerb(
                        name, _reader.TokenType == JsonTokenType.True ? name : throw new BadRequestException($"'{name}' must be true."));
                    break;
                case "forgetIntents":
                    found.ForgetsIntents = _reader.TokenType == JsonTokenType.True ? true
                        : throw new BadRequestException("'forgetIntents' must be true.");
                    break;
                case "root":
                    found.Root = ReadString(name) switch
                    {
                        "run" => StoreRoot.Run,
                        "config" => StoreRoot.Config,
                        _ => throw new BadRequestException("'root' must be \"run\" or \"config\"."),
                    };
                    break;
                case "container":
                    found.HasContainer = true;
                    found.Container = _reader.TokenType == JsonTokenType.Null ? null : ReadString(name);
                    break;
                case "value":
                    found.Value = ReadRaw();
                    break;
                default:
                    throw new BadRequestException($"'{name}' is not a member of an operation.");
            }
        }

        return found.ToOperation();
    }

    /// <summary>Moves to the value of the next member; null at the end of the object.</summary>
    private string? NextMember(ref Members members)
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.EndObject)
        {
            return null;
        }

        string name = _reader.GetString()!;
        members.Add(name);
        _reader.Read();
        return name;
    }

    private readonly string ReadString(string member) => _reader.TokenType == JsonTokenType.String
        ? _reader.GetString()!
        : throw new BadRequestException($"'{member}' must be a string.");

    private ReadOnlyMemory<byte> ReadRaw()
    {
        int start = (int)_reader.TokenStartIndex;
        _reader.Skip();
        return _line[start..(int)_reader.BytesConsumed];
    }

    private readonly void Expect(JsonTokenType type, string message)
    {
        if (_reader.TokenType != type)
        {
            throw new BadRequestException($"{message}.");
        }
    }
}
