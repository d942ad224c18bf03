using System;
using System.Globalization;
using SafeStore.Vocabulary;

namespace SafeStore;

/// <summary>A store's metadata is damaged, belongs to another store, or lies where it cannot work. Nothing was changed.</summary>
public sealed class StoreMetadataException : SafeStoreException
{
    internal StoreMetadataException(string path, string reason, Exception? innerException = null)
        : base($"The store cannot be opened because of '{path}': {reason}.", innerException) =>
        Path = path;

    /// <inheritdoc/>
    public override string Code => "metadata";

    /// <summary>The file or directory.</summary>
    public string Path { get; }
}

/// <summary>
/// A store was written by another version of SafeStore, in a format that this one does not know. It was not touched. Use that version.
/// </summary>
public sealed class StoreFormatException : SafeStoreException
{
    internal StoreFormatException(string path, int format)
        : this("store", path, format, StoreIdentity.Format)
    {
    }

    private StoreFormatException(string what, string path, int format, int known)
        : base(
            $"The {what} has format {format.ToString(CultureInfo.InvariantCulture)} ('{path}'), and this version of SafeStore knows format "
            + $"{known.ToString(CultureInfo.InvariantCulture)} only. It was not touched; use the version of SafeStore that wrote it.")
    {
        Path = path;
        Format = format;
    }

    /// <inheritdoc/>
    public override string Code => "format";

    /// <summary>The file that says so.</summary>
    public string Path { get; }

    /// <summary>Its format.</summary>
    public int Format { get; }

    internal static StoreFormatException OfLog(string path, uint format, uint known) =>
        new("log", path, (int)Math.Min(format, int.MaxValue), (int)known);
}

/// <summary>
/// A store that was opened to be looked at only (<see cref="StoreOpening.ReadOnly"/>) was to be changed, or a sandbox of it to be locked
/// for a change. Nothing was changed.
/// </summary>
public sealed class StoreReadOnlyException : SafeStoreException
{
    internal StoreReadOnlyException(string operation)
        : base($"Could not {operation}: the store was opened read-only (StoreOpening.ReadOnly). Open it with another "
            + "StoreOptions.Opening to change it.") =>
        Operation = operation;

    /// <inheritdoc/>
    public override string Code => "read-only";

    /// <summary>What was tried.</summary>
    public string Operation { get; }
}
