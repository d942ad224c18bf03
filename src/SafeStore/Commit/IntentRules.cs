using System;
using System.Buffers;
using System.Linq;
using System.Text.Json;
using SafeStore.Documents;
using SafeStore.FileSystem;

namespace SafeStore.Commit;

/// <summary>
/// A sandbox in which something is still to be undone is not removed by the way: with its record of intents the side effects would be
/// forgotten, and nothing would ever undo them. What the record says is read as far as this needs it; a record that does not tell counts
/// as one that names intents.
/// </summary>
internal sealed class IntentRules(IDurableFileSystem fs, DirectoryHandle config)
{
    /// <summary>The record, in the sandbox's own directory in the config root (SafeStore.Sandboxes writes it).</summary>
    public const string File = "intents.json";

    private const int BytesMax = 64 * 1024 * 1024; // as large as a document may ever be
    private const string Intents = "intents"; // in any ASCII case, as the model reads it

    /// <summary>Looks whether a sandbox may be removed.</summary>
    /// <exception cref="PendingIntentsException">Something is to be undone in it, or what is there does not tell.</exception>
    /// <exception cref="StorageException">It could not be read.</exception>
    public void CheckRemoval(string sandbox)
    {
        string path = $"{sandbox}/{File}";
        Errno errno = WholeFile.Read(fs, config, path, BytesMax, out byte[] rented, out int length);
        if (errno is Errno.NotFound or Errno.NotDirectory)
        {
            return;
        }

        int? count = null;
        if (errno is not (Errno.IsDirectory or Errno.SymbolicLink or Errno.NotSeekable or Errno.NoSuchDevice or Errno.FileTooLarge))
        {
            StorageException.ThrowIfFailed(
                errno, "read what is to be undone, which is not needed to remove a sandbox and forget its intents,", config, path);
            count = Count(rented.AsMemory(0, length));
            ArrayPool<byte>.Shared.Return(rented);
        }

        if (count is not 0)
        {
            throw new PendingIntentsException(sandbox, $"{config.Path}/{path}", count);
        }
    }

    /// <summary>How many intents a record names; null if it does not tell.</summary>
    public static int? Count(ReadOnlyMemory<byte> json)
    {
        if (JsonRules.FindFaultStrictly(json.Span) is not null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        int count = 0;
        foreach (JsonProperty member in document.RootElement.EnumerateObject()
            .Where(static member => member.Name.Equals(Intents, StringComparison.OrdinalIgnoreCase)))
        {
            if (member.Value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
            {
                return null;
            }

            count += member.Value.ValueKind == JsonValueKind.Array ? member.Value.GetArrayLength() : 0;
        }

        return count;
    }
}
