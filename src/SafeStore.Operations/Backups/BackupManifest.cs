using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using SafeStore.Commit;
using SafeStore.Documents;
using SafeStore.FileSystem;
using SafeStore.Vocabulary;

namespace SafeStore.Operations.Backups;

/// <summary>What a backup holds. Beside it lies its checksum, in the form of sha256sum(1).</summary>
internal sealed record BackupManifest(int Format, Guid Store, Guid ConfigRoot, Guid RunRoot, long Cut, DateTimeOffset Time, bool IsWhole)
{
    public const int FormatNow = 1;
    public const string FileName = "manifest.json";
    public const string SumName = "manifest.json.sha256";

    public required IReadOnlyList<ManifestSandbox> Sandboxes { get; init; }

    /// <summary>Whether both are of one store with the same roots, so that an LSN means the same in both.</summary>
    public bool IsOf(StoreIdentity identity) => new StoreIdentity(Store, ConfigRoot, RunRoot) == identity;

    public byte[] Encode() => [.. JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Types.BackupManifest), (byte)'\n'];

    public static byte[] SumOf(ReadOnlySpan<byte> manifest) => Encoding.ASCII.GetBytes($"{ShaOf(manifest)}  {FileName}\n");

    public static string ShaOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <exception cref="BackupException">These bytes are none that this version knows.</exception>
    public static BackupManifest Decode(ReadOnlySpan<byte> manifest, ReadOnlySpan<byte> sum, string path)
    {
        if (!sum.SequenceEqual(SumOf(manifest)))
        {
            throw new BackupException($"The backup '{path}' is damaged: {FileName} is not what its checksum in {SumName} says.");
        }

        try
        {
            BackupManifest found = JsonSerializer.Deserialize(manifest, ManifestJson.Types.BackupManifest)
                ?? throw new BackupException($"The backup '{path}' is damaged: {FileName} is null.");
            if (found.Format != FormatNow)
            {
                throw new BackupException(
                    $"The backup '{path}' has format {found.Format.ToString(CultureInfo.InvariantCulture)}, and this version of SafeStore "
                    + $"knows format {FormatNow} only. Use the version that wrote it.");
            }

            return found.Cut >= 0 && found.Sandboxes.All(static each => each?.IsPossible == true)
                && found.Sandboxes.DistinctBy(static each => each.Sandbox).Count() == found.Sandboxes.Count ? found
                : throw new BackupException(
                    $"The backup '{path}' is damaged: {FileName} has something that no sandbox or document can have, or has it twice.");
        }
        catch (JsonException failure)
        {
            throw new BackupException($"The backup '{path}' cannot be read: {JsonRules.FirstSentence(failure.Message)}.");
        }
    }

    public Backup Describe(string name, string path) => new(name, path)
    {
        Store = Store,
        Cut = new Lsn(Cut),
        Time = Time,
        IsWhole = IsWhole,
        Sandboxes = Sandboxes.Count,
        Documents = Sandboxes.Sum(static each => each.Documents.Count),
        Bytes = Sandboxes.Sum(static each => each.Documents.Sum(static document => document.Bytes)),
    };
}

/// <summary>A sandbox in a backup.</summary>
/// <param name="Sandbox">Its id.</param>
/// <param name="Version">The LSN of its last transaction; null if that is not known.</param>
/// <param name="Containers">Its containers, sorted.</param>
/// <param name="Documents">Its documents, sorted.</param>
internal sealed record ManifestSandbox(
    string Sandbox, long? Version, IReadOnlyList<string> Containers, IReadOnlyList<ManifestDocument> Documents)
{
    /// <summary>Paths are formed of its names.</summary>
    [JsonIgnore]
    public bool IsPossible => Identifier.IsValid(Sandbox) && Version is null or >= 0
        && Containers.All(static each => each is not null && Identifier.IsFree(each))
        && Documents.All(static each => each?.IsPossible == true)
        && Documents.DistinctBy(static each => each.Key).Count() == Documents.Count;
}

/// <summary>A document in a backup.</summary>
internal sealed record ManifestDocument(string? Container, StoreRoot Root, string File, long Bytes, string Sha256)
{
    /// <summary>The permission bits as chmod(1) takes them.</summary>
    public required string Mode { get; init; }

    public required uint User { get; init; }

    public required uint Group { get; init; }

    /// <summary>When its file in the store was written last; null if it was taken from the log.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>The code of what was wrong with it in the store; null if nothing was.</summary>
    public string? Damage { get; init; }

    [JsonIgnore]
    public bool IsPossible => Identifier.IsFree(File) && (Container is null || Identifier.IsFree(Container))
        && Bytes is >= 0 and <= int.MaxValue && Mode.Length is > 0 and <= 4 && Mode.All(static each => each is >= '0' and <= '7');

    /// <summary>Of what could not be read in the store there is none.</summary>
    [JsonIgnore]
    public bool HasFile => Damage != DocumentImage.Unreadable;

    [JsonIgnore]
    public DocumentKey Key => new(Root, Container, File);

    public static ManifestDocument Of(DocumentKey key, DocumentImage document) =>
        new(key.Container, key.Root, key.File, document.Bytes, document.Sha256)
        {
            Mode = Convert.ToString((int)document.Mode, 8),
            User = document.Owner.User,
            Group = document.Owner.Group,
            Modified = document.Modified,
            Damage = document.Damage?.Code,
        };

    public DocumentImage ToImage(ReadOnlyMemory<byte> content) =>
        new(Bytes, Sha256, (UnixFileMode)Convert.ToInt32(Mode, 8), new FileOwner(User, Group)) { Unwritten = content, Modified = Modified };
}

[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    public static ManifestJson Types { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter<StoreRoot>(JsonNamingPolicy.CamelCase) },
    });
}
