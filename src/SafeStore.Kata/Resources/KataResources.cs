using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Sandboxes;

namespace SafeStore.Kata;

/// <summary>
/// The calls of Kata Containers' filesystem storage (the seed) on a sandbox store: one resource at a time, named as the seed names it, by
/// the seed's rules of arguments, in its order. All members may be used from any thread.
/// </summary>
/// <example><code>
/// var resources = new KataResources(store);
/// await resources.StoreAsync("sb-1", SandboxResource.State, state);
/// State? state = resources.Fetch&lt;State&gt;("sb-1", SandboxResource.State);
/// </code></example>
public sealed class KataResources
{
    /// <summary>
    /// The name under which activities are published: <c>createAllResources</c>, <c>storeResource</c>, <c>fetchResource</c>,
    /// <c>deleteResource</c>.
    /// </summary>
    public const string ActivitySourceName = "SafeStore.Kata";

    private readonly SandboxStore _store;
    private readonly ResourceRules _rules;

    /// <summary>Makes the calls for a store, which stays the caller's to close.</summary>
    /// <param name="store">The store.</param>
    public KataResources(SandboxStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
        _rules = new ResourceRules(ResourceSlot.Of(store.Model));
    }

    /// <summary>
    /// Creates a sandbox with its containers and documents in one transaction: <see cref="SandboxStore.CreateAsync"/>, whose exceptions
    /// this throws too, by the seed's rules of arguments.
    /// </summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log.</param>
    /// <returns>The sandbox's version.</returns>
    /// <exception cref="ResourceArgumentException">An id is empty.</exception>
    /// <exception cref="ArgumentException">The configuration lacks kernel or image, whatever the hypervisor is.</exception>
    public async ValueTask<Lsn> CreateAsync(NewSandbox sandbox, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        ResourceRules.CheckSandbox(sandbox.Id);
        foreach (NewContainer container in sandbox.Containers)
        {
            ResourceRules.CheckContainer(container.Id);
        }

        sandbox.Config?.HypervisorConfig.Validate();
        using Activity? activity = KataActivities.Start("createAllResources", sandbox.Id);
        return await _store.CreateAsync(sandbox, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores a resource of a sandbox in a transaction of its own.</summary>
    /// <typeparam name="T">Its type: the record, or a list of records, that the resource is.</typeparam>
    /// <param name="sandbox">
    /// The sandbox's id. Throws what <see cref="SandboxStore.LockAsync"/> and <see cref="ModelChange.CommitAsync"/> do.
    /// </param>
    /// <param name="resource">Which resource.</param>
    /// <param name="value">Its value.</param>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log.</param>
    /// <exception cref="ResourceArgumentException">The id is empty, a sandbox has no such resource, or it is of another type.</exception>
    public ValueTask<Lsn> StoreAsync<T>(string sandbox, SandboxResource resource, T value, CancellationToken cancellationToken = default)
    {
        ResourceRules.CheckSandbox(sandbox);
        return StoreAsync(sandbox, null, _rules.SlotFor(resource, DocumentScope.Sandbox, value), value!, cancellationToken);
    }

    /// <summary>Stores a resource of a container in a transaction of its own.</summary>
    /// <typeparam name="T">Its type: the record, or a list of records, that the resource is.</typeparam>
    /// <param name="sandbox">
    /// The sandbox's id. Throws what <see cref="SandboxStore.LockAsync"/> and <see cref="ModelChange.CommitAsync"/> do.
    /// </param>
    /// <param name="container">The container's id; it must exist.</param>
    /// <param name="resource">Which resource.</param>
    /// <param name="value">Its value.</param>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log.</param>
    /// <exception cref="ResourceArgumentException">An id is empty, a container has no such resource, or it is of another type.</exception>
    public ValueTask<Lsn> StoreContainerAsync<T>(
        string sandbox, string container, SandboxResource resource, T value, CancellationToken cancellationToken = default)
    {
        ResourceRules.CheckSandbox(sandbox);
        ResourceRules.CheckContainer(container);
        return StoreAsync(sandbox, container, _rules.SlotFor(resource, DocumentScope.Container, value), value!, cancellationToken);
    }

    /// <summary>Reads a resource of a sandbox, without any lock: it is whole.</summary>
    /// <typeparam name="T">Its type. Throws what <see cref="StateStore.Read{T}(string, DocumentKind{T})"/> does.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="resource">Which resource.</param>
    /// <returns>Its value; null if there is none.</returns>
    /// <exception cref="ResourceArgumentException">The id is empty, a sandbox has no such resource, or it is of another type.</exception>
    public T? Fetch<T>(string sandbox, SandboxResource resource)
        where T : class
    {
        ResourceRules.CheckSandbox(sandbox);
        ResourceSlot slot = _rules.SlotFor(resource, DocumentScope.Sandbox, typeof(T));
        using Activity? activity = KataActivities.Start("fetchResource", sandbox, null, resource);
        return (T?)slot.Read(_store.Store, sandbox, null);
    }

    /// <summary>Reads a resource of a container, without any lock: it is whole.</summary>
    /// <typeparam name="T">Its type. Throws what <see cref="StateStore.Read{T}(string, string, DocumentKind{T})"/> does.</typeparam>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id.</param>
    /// <param name="resource">Which resource.</param>
    /// <returns>Its value; null if there is none.</returns>
    /// <exception cref="ResourceArgumentException">An id is empty, a container has no such resource, or it is of another type.</exception>
    public T? FetchContainer<T>(string sandbox, string container, SandboxResource resource)
        where T : class
    {
        ResourceRules.CheckSandbox(sandbox);
        ResourceRules.CheckContainer(container);
        ResourceSlot slot = _rules.SlotFor(resource, DocumentScope.Container, typeof(T));
        using Activity? activity = KataActivities.Start("fetchResource", sandbox, container, resource);
        return (T?)slot.Read(_store.Store, sandbox, container);
    }

    /// <summary>Removes a sandbox with everything in it, or the chosen resources of it, in one transaction.</summary>
    /// <param name="sandbox">
    /// The sandbox's id. Throws what <see cref="SandboxStore.LockAsync"/> and <see cref="ModelChange.CommitAsync"/> do, but for a sandbox
    /// that does not exist.
    /// </param>
    /// <param name="resources">Which of its documents; null for the whole sandbox, and an empty list removes nothing.</param>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log.</param>
    /// <returns>False if the sandbox does not exist.</returns>
    /// <exception cref="ResourceArgumentException">The id is empty, or a sandbox has no such resource.</exception>
    public ValueTask<bool> RemoveAsync(
        string sandbox, IReadOnlyCollection<SandboxResource>? resources = null, CancellationToken cancellationToken = default)
    {
        ResourceRules.CheckSandbox(sandbox);
        DocumentKind[]? kinds = resources?.Select(resource => _rules.KindOf(resource, DocumentScope.Sandbox)).ToArray();
        return RemoveAsync(
            sandbox, null, change => kinds is null ? change.RemoveSandbox()
                : kinds.Aggregate(change, static (change, kind) => change.Remove(kind)), cancellationToken);
    }

    /// <summary>Removes a container with everything in it, or the chosen resources of it, in one transaction.</summary>
    /// <param name="sandbox">
    /// The sandbox's id. Throws what <see cref="SandboxStore.LockAsync"/> and <see cref="ModelChange.CommitAsync"/> do, but for a sandbox
    /// that does not exist.
    /// </param>
    /// <param name="container">The container's id.</param>
    /// <param name="resources">Which of its documents; null for the whole container, and an empty list removes nothing.</param>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log.</param>
    /// <returns>False if the sandbox or the container does not exist.</returns>
    /// <exception cref="ResourceArgumentException">An id is empty, or a container has no such resource.</exception>
    /// <exception cref="ArgumentException">An id is not allowed.</exception>
    public ValueTask<bool> RemoveContainerAsync(
        string sandbox, string container, IReadOnlyCollection<SandboxResource>? resources = null, CancellationToken cancellationToken =
        default)
    {
        ResourceRules.CheckSandbox(sandbox);
        ResourceRules.CheckContainer(container);
        CheckAllowed(sandbox, container);
        DocumentKind[]? kinds = resources?.Select(resource => _rules.KindOf(resource, DocumentScope.Container)).ToArray();
        return RemoveAsync(
            sandbox, container, change => kinds is null ? change.RemoveContainer(container)
                : kinds.Aggregate(change, (change, kind) => change.Remove(container, kind)), cancellationToken);
    }

    /// <summary>Where a resource of a sandbox lies, whether or not it exists.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="resource">Which resource; the lock has a place too.</param>
    /// <exception cref="ResourceArgumentException">The id is empty, or a sandbox has no such resource.</exception>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    public ResourceUri UriOf(string sandbox, SandboxResource resource)
    {
        ResourceRules.CheckSandbox(sandbox);
        return resource == SandboxResource.Lock ? UriOf(StoreRoot.Run, sandbox, null, "lock")
            : UriOf(sandbox, null, _rules.KindOf(resource, DocumentScope.Sandbox));
    }

    /// <summary>Where a resource of a container lies, whether or not it exists.</summary>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="container">The container's id.</param>
    /// <param name="resource">Which resource.</param>
    /// <exception cref="ResourceArgumentException">An id is empty, or a container has no such resource.</exception>
    /// <exception cref="ArgumentException">An id is not allowed.</exception>
    public ResourceUri UriOfContainer(string sandbox, string container, SandboxResource resource)
    {
        ResourceRules.CheckSandbox(sandbox);
        ResourceRules.CheckContainer(container);
        return UriOf(sandbox, container, _rules.KindOf(resource, DocumentScope.Container));
    }

    /// <summary>
    /// What a path stands for: the other way round than <see cref="UriOf(string, SandboxResource)"/> and <see cref="UriOfContainer"/>.
    /// </summary>
    /// <param name="file">A full path.</param>
    /// <returns>The resource; null if the path is none of this store's resources.</returns>
    /// <exception cref="ResourceArgumentException">The path is empty ("File cannot be empty").</exception>
    public ResourceLocation? Locate(string file)
    {
        if (string.IsNullOrWhiteSpace(file))
        {
            throw new ResourceArgumentException(ResourceFault.FileMissing, nameof(file));
        }

        string run = _store.Store.Layout.Run + "/";
        bool isRun = file.StartsWith(run, StringComparison.Ordinal);
        string root = isRun ? run : _store.Store.Layout.Config + "/";
        string[] parts = file.StartsWith(root, StringComparison.Ordinal) ? file[root.Length..].Split('/') : [];
        if (parts.Length is not (2 or 3))
        {
            return null;
        }

        string? container = parts.Length == 3 ? parts[1] : null;
        foreach (SandboxResource resource in Enum.GetValues<SandboxResource>())
        {
            if (TryUriOf(parts[0], container, resource)?.File == file)
            {
                return new ResourceLocation(parts[0], container, resource);
            }
        }

        return null;
    }

    private async ValueTask<Lsn> StoreAsync(
        string sandbox, string? container, ResourceSlot slot, object value, CancellationToken cancellation)
    {
        using Activity? activity = KataActivities.Start("storeResource", sandbox, container, slot.Resource);
        return await _store.UpdateAsync(sandbox, (_, change) => slot.Put(change, container, value), cancellationToken: cancellation)
            .ConfigureAwait(false);
    }

    private async ValueTask<bool> RemoveAsync(
        string sandbox, string? container, Func<ModelChange, ModelChange> removal, CancellationToken cancellation)
    {
        using Activity? activity = KataActivities.Start("deleteResource", sandbox, container);
        ModelLock held;
        try
        {
            held = await _store.LockAsync(sandbox, cancellationToken: cancellation).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            return false;
        }

        await using (held.ConfigureAwait(false))
        {
            if (container is not null && !held.ListContainers().Contains(container))
            {
                return false;
            }

            await removal(held.Change()).CommitAsync(cancellation).ConfigureAwait(false);
            return true;
        }
    }

    private static void CheckAllowed(string sandbox, string? container) =>
        _ = new DocumentId(sandbox, container, StoreRoot.Run, "state.json");

    private ResourceUri UriOf(string sandbox, string? container, DocumentKind kind) => UriOf(kind.Root, sandbox, container, kind.File);

    private ResourceUri UriOf(StoreRoot root, string sandbox, string? container, string file)
    {
        CheckAllowed(sandbox, container); // no path leaves its root
        string top = root == StoreRoot.Config ? _store.Store.Layout.Config : _store.Store.Layout.Run;
        string directory = container is null ? $"{top}/{sandbox}" : $"{top}/{sandbox}/{container}";
        return new ResourceUri($"{directory}/{file}", directory);
    }

    private ResourceUri? TryUriOf(string sandbox, string? container, SandboxResource resource)
    {
        try
        {
            return container is null ? UriOf(sandbox, resource) : UriOfContainer(sandbox, container, resource);
        }
        catch (ArgumentException)
        {
            return null; // no such resource in this scope, or a name that no sandbox or container has
        }
    }
}
