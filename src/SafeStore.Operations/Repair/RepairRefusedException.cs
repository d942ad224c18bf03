using System.Collections.Generic;
using SafeStore.Operations.Repair;

namespace SafeStore;

/// <summary>A repair needs an action that it was not allowed. Nothing was changed.</summary>
public sealed class RepairRefusedException : SafeStoreException
{
    internal RepairRefusedException(RepairActions missing, string damage)
        : base($"The store was not repaired: {damage} To mend that, allow {string.Join(" and ", NamesOf(missing))} "
            + $"(RepairActions.{missing}). Nothing was changed.") =>
        Missing = missing;

    /// <inheritdoc/>
    public override string Code => "repair-refused";

    /// <summary>What must be allowed as well.</summary>
    public RepairActions Missing { get; }

    internal static IEnumerable<string> NamesOf(RepairActions actions)
    {
        if (actions.HasFlag(RepairActions.AcceptLoss))
        {
            yield return "--accept-loss";
        }

        if (actions.HasFlag(RepairActions.AcceptRoots))
        {
            yield return "--accept-roots";
        }

        if (actions.HasFlag(RepairActions.NewLog))
        {
            yield return "--new-log";
        }
    }
}
