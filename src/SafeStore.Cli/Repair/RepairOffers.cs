using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using SafeStore.Cli.Look;
using SafeStore.Operations.Repair;

namespace SafeStore.Cli.Repair;

/// <summary>What is wrong with single sandboxes and files of a store that opens, and the command lines that mend each.</summary>
/// <param name="Store">The options that say where the store lies.</param>
/// <param name="Documents">The documents that are damaged, or edited by another program.</param>
/// <param name="Parked">The parked sandboxes.</param>
/// <param name="Permissions">What has another owner or mode than it should.</param>
internal sealed record RepairOffers(
    string Store, IReadOnlyList<DamagedDocument> Documents, IReadOnlyList<ParkedRepairPlan> Parked,
    IReadOnlyList<PermissionChange> Permissions)
{
    public static RepairOffers None { get; } = new("", [], [], []);

    /// <summary>What is to be told before documents of a store that does not open; null if it does.</summary>
    private string? First { get; init; }

    public bool IsEmpty => Documents.Count + Parked.Count + Permissions.Count == 0;

    private IEnumerable<string> PermissionCommands => Permissions.Count == 0 ? [] : [$"safestore repair {Store} --owner"];

    /// <summary>Of a store that does not open, which is repaired first.</summary>
    public static RepairOffers ReadClosed(StoreLayout layout, string store, RepairPlan plan, CancellationToken stop) =>
        new(store, DocumentRepair.Examine(layout, DocumentLimit.Largest, stop), [], [])
        {
            First = "These documents are damaged too. Mend them after the store"
                + (plan.KeepsLog ? ", before anything else opens it: an opening may drop the values that the log has."
                    : ". The log's values are lost with '--new-log': only the copy in the quarantine has them then."),
        };

    /// <summary>Documents of a parked sandbox cannot be mended before that is done with.</summary>
    public static RepairOffers Read(StoreLayout layout, string store, CancellationToken stop)
    {
        IReadOnlyList<ParkedRepairPlan> parked = ParkedRepair.Examine(layout, DocumentLimit.Largest);
        return new RepairOffers(
            store, [.. DocumentRepair.Examine(layout, DocumentLimit.Largest, stop)
                .Where(each => !parked.Any(other => other.Sandbox == each.Document.Sandbox))], parked,
            PermissionRepair.Examine(layout));
    }

    public byte[] ToText()
    {
        List<string> lines = [.. Parked.SelectMany(each => ParkedActions.Show(each, Store))];
        if (First is not null && Documents.Count > 0)
        {
            lines.Add(First);
        }

        foreach (DamagedDocument damaged in Documents)
        {
            string source = damaged.InLog is { } lsn ? $" The log has the value of LSN {lsn}." : "";
            lines.Add($"{damaged.Code}: {damaged.Document}: {damaged.Message}{source}");
            lines.AddRange(DocumentRemedies.CommandsFor(damaged, Store).Select(static each => $"    {each}"));
        }

        lines.AddRange(Permissions.Select(static change => $"permissions: {OwnerAction.Describe(change)}"));
        lines.AddRange(PermissionCommands.Select(static each => $"    {each}"));
        if (Documents.Any(static each => each.Code != "edited"))
        {
            lines.Add($"If a backup has them: safestore repair {Store} --from-backup DIR/NAME");
        }

        return Encoding.UTF8.GetBytes(string.Concat(lines.Select(static line => TextOutput.Harmless(line) + "\n")));
    }

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("documents"u8);
        foreach (DamagedDocument damaged in Documents)
        {
            writer.WriteStartObject();
            writer.WriteString("code"u8, damaged.Code);
            writer.WriteString("message"u8, damaged.Message);
            writer.WriteString("root"u8, TextOutput.Shown(damaged.Document.Root));
            writer.WriteString("sandbox"u8, damaged.Document.Sandbox);
            writer.WriteString("container"u8, damaged.Document.Container);
            writer.WriteString("file"u8, damaged.Document.File);
            Write(writer, "commands", DocumentRemedies.CommandsFor(damaged, Store));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("parked"u8);
        foreach (ParkedRepairPlan plan in Parked)
        {
            writer.WriteStartObject();
            writer.WriteString("sandbox"u8, plan.Sandbox);
            writer.WriteNumber("last"u8, plan.Last.Value);
            writer.WriteString("damage"u8, plan.Damage);
            Write(writer, "obstacles", plan.Obstacles);
            Write(writer, "commands", ParkedActions.CommandsFor(plan, Store));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("permissions"u8);
        Write(writer, "paths", Permissions.Select(static change => change.Path));
        Write(writer, "commands", PermissionCommands);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}
