using System;

namespace SafeStore.Operations.Repair;

/// <summary>What a repair is allowed to do to the files from which a store opens. Each gives something up.</summary>
[Flags]
public enum RepairActions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Cut the log after its last good record: the transactions behind the break are given up.</summary>
    AcceptLoss = 1,

    /// <summary>Take the roots as they are, also if one was restored or copied alone, or has lost its <c>root.json</c>.</summary>
    AcceptRoots = 2,

    /// <summary>Start a new log over the documents as they stand, with new files for what is missing: watermark, store.json.</summary>
    NewLog = 4,
}

/// <summary>A reason why a store does not open.</summary>
/// <param name="Message">What is wrong, and where.</param>
/// <param name="Mend">The action that mends it.</param>
public sealed record StoreDamage(string Message, RepairActions Mend);

/// <summary>Something that a repair gives up, or leaves other than it should be.</summary>
/// <param name="Lsn">The transaction.</param>
/// <param name="Sandbox">The sandbox that it changed.</param>
/// <param name="Message">What becomes of it.</param>
public sealed record RepairLoss(Lsn Lsn, string Sandbox, string Message);
