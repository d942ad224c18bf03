using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Sandboxes;

/// <summary>Reads the status of a sandbox, document by document: each one's error is kept beside what the others say.</summary>
internal sealed class StatusReader(StateStore store, SandboxModel model)
{
    public SandboxStatus Read(string sandbox)
    {
        var errors = new List<SafeStoreException>();
        IntentDocument? intents = Try(() => store.Read(sandbox, model.Intents), errors);
        return new SandboxStatus(
            sandbox,
            Try(() => store.Read(sandbox, model.SandboxConfig), errors),
            Try(() => store.Read(sandbox, model.SandboxState), errors),
            [.. (Try(() => store.ListContainers(sandbox), errors) ?? []).Select(container => Read(sandbox, container, errors))],
            intents?.Intents ?? [],
            intents?.Creating ?? false,
            errors);
    }

    private ContainerStatus Read(string sandbox, string container, List<SafeStoreException> errors) => new(
        container,
        Try(() => store.Read(sandbox, container, model.ContainerConfig), errors),
        Try(() => store.Read(sandbox, container, model.ContainerState), errors),
        Try(() => store.Read(sandbox, container, model.Process), errors));

    /// <summary>What is read; null if it fails, and then why is among the errors.</summary>
    internal static T? Try<T>(Func<T?> read, List<SafeStoreException> errors)
        where T : class
    {
        try
        {
            return read();
        }
        catch (SafeStoreException failure)
        {
            errors.Add(failure);
            return null;
        }
    }
}
