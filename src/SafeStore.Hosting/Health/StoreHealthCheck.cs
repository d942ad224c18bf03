using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using SafeStore.Operations;

namespace SafeStore.Hosting.Health;

/// <summary>
/// Looks at a store of the host as <see cref="StoreView"/> does: takes no lock, and waits for nothing. A store that does not work is
/// unhealthy; one that works and needs a look is degraded.
/// </summary>
internal sealed class StoreHealthCheck(IHostedStore store) : IHealthCheck
{
    private readonly CheckpointAge _checkpoints = new();

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        StoreComplaint[] complaints = [.. Look(data)];
        data["codes"] = complaints.Select(static each => each.Code).Distinct().ToArray();
        HealthStatus status = complaints.Any(static each => each.IsSevere) ? context.Registration.FailureStatus
            : complaints.Length > 0 ? HealthStatus.Degraded : HealthStatus.Healthy;
        string? description = complaints.Length == 0 ? null : string.Join('\n', complaints.Select(static each => each.Message));
        return Task.FromResult(new HealthCheckResult(status, description, data: data));
    }

    private IReadOnlyList<StoreComplaint> Look(Dictionary<string, object> data)
    {
        try
        {
            StateStore engine = store.Engine;
            return engine.IsFaulted ? [Faulted()] : [.. Read(engine.Layout, data).Judge()];
        }
        catch (ObjectDisposedException)
        {
            return [new StoreComplaint("not-open", "The store was closed while its health was looked at.", IsSevere: true)];
        }
        catch (SafeStoreException failure)
        {
            return [new StoreComplaint(failure.Code, failure.Message, IsSevere: true)];
        }
    }

    private StoreSigns Read(StoreLayout layout, Dictionary<string, object> data)
    {
        StoreOptions options = store.Options;
        using var view = StoreView.Open(layout, options);
        StoreVitals vitals = view.ReadVitals();
        var signs = new StoreSigns(store.Settings, vitals, StoreDoctor.ExamineState(layout, options))
        {
            CheckpointAge = _checkpoints.Note(vitals, options.TimeProvider),
            Backup = vitals.Store is { } id && store.Settings.Backups is { } backups ? FindBackup(backups, id, options) : null,
        };
        AddFigure(data, "log-bytes", vitals.LogBytes);
        AddFigure(data, "watermark", vitals.Watermark?.Value);
        AddFigure(data, "last-lsn", vitals.LastLsn?.Value);
        AddFigure(data, "parked", vitals.Parked.Count);
        AddFigure(data, "checkpoint-age-seconds", signs.CheckpointAge.TotalSeconds);
        AddFigure(data, "backup-age-seconds", signs.Backup?.Age.TotalSeconds);
        return signs;
    }

    private static (Backup Backup, TimeSpan Age)? FindBackup(string directory, Guid id, StoreOptions options) =>
        new BackupDirectory(directory, options).FindLast(id) is { } backup
            ? (backup, options.TimeProvider.GetUtcNow() - backup.Time) : null;

    private static void AddFigure(Dictionary<string, object> data, string name, object? value)
    {
        if (value is not null)
        {
            data[name] = value;
        }
    }

    private static StoreComplaint Faulted() => new(
        "faulted",
        "The store is faulted: a sync has failed, in this process or another. Reading goes on; nothing is written. Look at the kernel's "
        + "log (dmesg) and start the programs that use the store again; the first to open it recovers it.", IsSevere: true);
}
