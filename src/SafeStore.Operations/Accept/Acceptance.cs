using SafeStore.Documents;

namespace SafeStore.Operations.Accept;

/// <summary>Whether a document may be accepted as it stands.</summary>
internal static class Acceptance
{
    /// <summary>What the document's stamp says of it.</summary>
    /// <exception cref="DocumentStampException">It is damaged, and that is not to be accepted.</exception>
    /// <exception cref="DocumentCorruptException">It is not JSON that the store would write.</exception>
    public static StampCondition Check(
        DocumentId document, string path, in StampedContent content, bool evenDamaged) => content.State switch
        {
            StampState.Holds => StampCondition.Holds,
            StampState.Damaged when !evenDamaged =>
                throw new DocumentStampException(document, path, content.Stamp!.Value.Lsn, isEdited: false),
            _ when JsonRules.FindFaultStrictly(content.Bytes) is { } fault =>
                throw new DocumentCorruptException(document, path, fault.Position, fault.Reason),
            StampState.Damaged => StampCondition.Damaged,
            StampState.Edited => StampCondition.Edited,
            _ => StampCondition.None,
        };
}
