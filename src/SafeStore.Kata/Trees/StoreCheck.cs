using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// Reads every document of a store as its type and writes it back, in memory: tells which are damaged and which would be written back with
/// another value. Changes no document.
/// </summary>
public sealed class StoreCheck
{
    private readonly StateStore _store;
    private readonly DocumentReading _reading;

    /// <summary>A check of an open store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="model">Which documents are which type; null for the model with the built-in kinds.</param>
    public StoreCheck(StateStore store, SandboxModel? model = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
        _reading = new DocumentReading(model);
    }

    /// <summary>
    /// Checks all sandboxes, each at one point in time, under its shared lock. One that cannot be locked or listed is reported as
    /// <see cref="FileOutcome.Unreadable"/>, and the others follow.
    /// </summary>
    /// <param name="cancellationToken">Ends it between two sandboxes.</param>
    /// <exception cref="StorageException">A root cannot be listed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public async IAsyncEnumerable<FileReport> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (string sandbox in _store.ListSandboxes())
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (FileReport report in await CheckAsync(sandbox, cancellationToken).ConfigureAwait(false))
            {
                yield return report;
            }
        }
    }

    /// <summary>What a document is that the store could not read.</summary>
    internal static FileReport ReportOn(DocumentId document, SafeStoreException failure)
    {
        var report = new FileReport(FileOutcome.Unreadable, document.Root, document.Sandbox, document.Container, document.File)
        {
            Reason = failure.Message,
        };
        return failure switch
        {
            DocumentCorruptException corrupt =>
                report with { Outcome = FileOutcome.Damaged, Reason = $"{corrupt.Reason} at byte {corrupt.Position}" },
            DocumentTooLargeException large =>
                report with
                {
                    Outcome = FileOutcome.TooLarge,
                    Reason = $"it is larger than {large.Position} bytes, the limit for documents"
                },
            StorageException { Errno: Errno.SymbolicLink } =>
                report with { Outcome = FileOutcome.SymbolicLink, Reason = "it is a symbolic link, and none is followed" },
            _ => report,
        };
    }

    private async ValueTask<IReadOnlyList<FileReport>> CheckAsync(string sandbox, CancellationToken cancellation)
    {
        IReadOnlyList<DocumentResult<byte[]>> documents;
        try
        {
            documents = (await _store.SnapshotAsync(sandbox, cancellationToken: cancellation).ConfigureAwait(false)).Documents;
        }
        catch (NotFoundException)
        {
            return []; // removed since it was listed
        }
        catch (SafeStoreException failure)
        {
            return [new FileReport(FileOutcome.Unreadable, StoreRoot.Run, sandbox, null, null) { Reason = failure.Message }];
        }

        string? hypervisor = documents.FirstOrDefault(result => _reading.IsSandboxConfig(result.Document))?.Value is { } config
            ? DocumentReading.HypervisorTypeOf(config) : null;
        return [.. documents.Select(
            result => result.Error is { } failure ? ReportOn(result.Document, failure)
            : Check(result.Document, result.Value!, hypervisor))];
    }

    private FileReport Check(DocumentId document, byte[] json, string? hypervisor)
    {
        DocumentReport found = _reading.Read(document, json, hypervisor);
        FileOutcome outcome = found.Verdict switch
        {
            DocumentVerdict.Ok => FileOutcome.Ok,
            DocumentVerdict.UnknownKind => FileOutcome.UnknownKind,
            DocumentVerdict.Different => FileOutcome.Differs,
            _ => FileOutcome.Damaged,
        };
        return new FileReport(outcome, document.Root, document.Sandbox, document.Container, document.File)
        {
            Bytes = json.Length,
            Kind = found.Kind,
            Reason = found.Reason,
            Notes = found.Notes,
        };
    }
}
