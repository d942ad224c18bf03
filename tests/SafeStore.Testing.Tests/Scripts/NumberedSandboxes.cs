using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

namespace SafeStore.Testing.Tests.Scripts;

/// <summary>
/// Sandboxes of scripts, with one document in each root: both say 1 when they are made and 2 after the one change, which has the sandbox's
/// name.
/// </summary>
internal static class NumberedSandboxes
{
    public const string Document = "value.json";

    /// <summary>Makes sandboxes, or changes them, by one transaction.</summary>
    public static async Task ChangeAsync(StateStore store, int value, params IEnumerable<string> sandboxes)
    {
        await using SandboxLocks locks =
            await store.LockManyAsync(sandboxes.Select(sandbox => new SandboxTarget(sandbox, IsNew: value == 1)));
        Transaction transaction = locks.Change();
        foreach (SandboxLock locked in locks.Locks)
        {
            foreach (StoreRoot root in Enum.GetValues<StoreRoot>())
            {
                _ = transaction.For(locked.Sandbox)
                    .PutJson(root, null, Document, Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
            }
        }

        _ = await transaction.CommitAsync();
    }

    /// <summary>Locks a sandbox, so that what a dead process has left of it is finished or taken back, and says what is there.</summary>
    public static async ValueTask LookAsync(StepContext step, string sandbox)
    {
        StateStore store = step.Kept<StateStore>();
        await using SandboxLock held = await store.LockAsync(sandbox);
        if (ValueOf(store, sandbox) == 2)
        {
            step.Acknowledge(sandbox); // it was seen
        }
    }

    /// <summary>What was acknowledged must be there, and what was never begun must not.</summary>
    public static void Check(StateStore store, string sandbox, CrashState state)
    {
        int value = ValueOf(store, sandbox);
        if (value != 2 && state.Acknowledged.Contains(sandbox))
        {
            throw new InvalidDataException($"The change of {sandbox} was acknowledged and is lost.");
        }

        if (value != 1 && !state.Begun.Contains(sandbox))
        {
            throw new InvalidDataException($"The change of {sandbox} was never begun and is there.");
        }
    }

    /// <summary>What both documents of a sandbox say.</summary>
    private static int ValueOf(StateStore store, string sandbox)
    {
        int[] values = [.. Enum.GetValues<StoreRoot>().Select(root =>
            int.Parse(Encoding.UTF8.GetString(store.ReadJson(new DocumentId(sandbox, null, root, Document))!),
                CultureInfo.InvariantCulture))];
        return values.Distinct().Count() == 1 ? values[0]
            : throw new InvalidDataException($"The documents of {sandbox} are of different transactions.");
    }
}
