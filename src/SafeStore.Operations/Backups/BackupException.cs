namespace SafeStore;

/// <summary>A backup cannot be made, is damaged, or cannot be restored as it was asked for. No document of the store was changed.</summary>
public sealed class BackupException : SafeStoreException
{
    internal BackupException(string message)
        : base(message)
    {
    }

    /// <inheritdoc/>
    public override string Code => "backup";
}
