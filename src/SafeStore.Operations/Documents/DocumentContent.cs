using System;

namespace SafeStore.Operations;

/// <summary>A document's bytes as they stand in its file.</summary>
/// <param name="Document">Which document.</param>
/// <param name="Bytes">The bytes.</param>
/// <param name="Damage">Why they are no document; null if they are one.</param>
public sealed record DocumentContent(DocumentId Document, ReadOnlyMemory<byte> Bytes, DocumentCorruptException? Damage);
