namespace SafeStore.Sandboxes;

/// <summary>A file that was open: the seed writes <c>{}</c> for it, so that only the number of files is kept.</summary>
public sealed record OpenFile : StoredObject;
