using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.Demo;

/// <summary>The documents that every transaction of the demo stamps: configuration and state of a sandbox and of its containers.</summary>
internal sealed class StampedDocuments(StateStore store, SandboxModel model)
{
    /// <summary>The number of the last transaction of a sandbox.</summary>
    public long LastOf(string sandbox) => store.Read(sandbox, model.SandboxState) is { } state ? Stamp.Of(state).N : 0;

    /// <summary>Puts a stamp into all of them, and the sandbox's own container in or out, as the stamp says.</summary>
    public void Write(SandboxChange change, Stamp stamp)
    {
        string sandbox = change.Sandbox;
        Restamp(change, model.SandboxConfig, stamp, static config => config);
        Restamp(change, model.SandboxState, stamp,
            state => state with { Lifecycle = stamp.N % 2 == 0 ? Lifecycle.Running : Lifecycle.Paused, BlockIndex = stamp.N });
        IReadOnlyList<string> containers = store.ListContainers(sandbox);
        foreach (string container in containers.Where(container => stamp.HasExtra || container != Stamp.ExtraContainer))
        {
            Restamp(change, container, model.ContainerConfig, stamp);
            Restamp(change, container, model.ContainerState, stamp);
        }

        bool hadExtra = containers.Contains(Stamp.ExtraContainer);
        if (hadExtra && !stamp.HasExtra)
        {
            change.RemoveContainer(Stamp.ExtraContainer);
        }
        else if (!hadExtra && stamp.HasExtra)
        {
            change.CreateContainer(Stamp.ExtraContainer)
                .Put(Stamp.ExtraContainer, model.ContainerConfig, stamp.PutInto(new ContainerConfig { Id = Stamp.ExtraContainer }))
                .Put(Stamp.ExtraContainer, model.ContainerState, stamp.PutInto(new State { Lifecycle = Lifecycle.Ready }));
        }
    }

    /// <summary>Each of a sandbox's stamped documents with its stamp, or with what is wrong with it.</summary>
    public IEnumerable<(DocumentId Document, Stamp? Stamp, string? Fault)> Read(string sandbox)
    {
        foreach (DocumentId document in store.ListDocuments(sandbox))
        {
            switch (document)
            {
                case { File: "config.json", Container: null }:
                    yield return Look(document, () => store.Read(sandbox, model.SandboxConfig));
                    break;
                case { File: "state.json", Container: null }:
                    yield return Look(document, () => store.Read(sandbox, model.SandboxState));
                    break;
                case { File: "config.json", Container: { } container }:
                    yield return Look(document, () => store.Read(sandbox, container, model.ContainerConfig));
                    break;
                case { File: "state.json", Container: { } container }:
                    yield return Look(document, () => store.Read(sandbox, container, model.ContainerState));
                    break;
                default:
                    break;
            }
        }
    }

    private void Restamp<T>(SandboxChange change, DocumentKind<T> kind, Stamp stamp, Func<T, T> work)
        where T : StoredObject
    {
        if (store.Read(change.Sandbox, kind) is { } value)
        {
            change.Put(kind, stamp.PutInto(work(value)));
        }
    }

    private void Restamp<T>(SandboxChange change, string container, DocumentKind<T> kind, Stamp stamp)
        where T : StoredObject
    {
        if (store.Read(change.Sandbox, container, kind) is { } value)
        {
            change.Put(container, kind, stamp.PutInto(value));
        }
    }

    private static (DocumentId Document, Stamp? Stamp, string? Fault) Look(DocumentId document, Func<StoredObject?> read)
    {
        try
        {
            return read() is { } value ? (document, Stamp.Of(value), null) : (document, null, "it is gone");
        }
        catch (Exception failure) when (failure is SafeStoreException or JsonException)
        {
            return (document, null, failure.Message);
        }
    }
}
