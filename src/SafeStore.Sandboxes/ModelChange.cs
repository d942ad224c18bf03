using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Sandboxes;

/// <summary>
/// A transaction on one sandbox, all or nothing. Every call checks its arguments and serialises its value at once; nothing touches the disk
/// before <see cref="CommitAsync"/>. Not safe for concurrent use.
/// </summary>
public sealed partial class ModelChange
{
    private readonly ModelTransaction _transaction;
    private readonly ModelLock _held;
    private readonly SandboxChange _change;
    private readonly IntentLedger _ledger;
    private readonly Dictionary<string, State> _containerStates = [];
    private HashSet<string>? _containers; // of before this change: the lock keeps them as they are
    private State? _state;
    private bool _removesSandbox;

    internal ModelChange(ModelTransaction transaction, ModelLock held, SandboxChange change)
    {
        _transaction = transaction;
        _held = held;
        _change = change;
        _ledger = held.Ledger();
    }

    /// <summary>The sandbox's id.</summary>
    public string Sandbox => _held.Sandbox;

    /// <summary>Writes a document of the sandbox.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="kind">Its kind, of <see cref="ModelLock.Model"/> or of the program's own.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="ArgumentException">
    /// The kind belongs to a container, the value cannot be written, or the id in a configuration is not the sandbox's.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public ModelChange Put<T>(DocumentKind<T> kind, T value)
    {
        if (value is SandboxConfig config && config.Id != _held.Sandbox)
        {
            throw new ArgumentException($"The configuration is of sandbox '{config.Id}', not of '{_held.Sandbox}'.", nameof(value));
        }

        _change.Put(kind, value);
        _state = value is State state && ReferenceEquals(kind, _held.Model.SandboxState) ? state : _state;
        return this;
    }

    /// <summary>Writes a document of a container.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="container">The container's id; it must exist, or be created earlier in this transaction.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="ArgumentException">
    /// The id is not allowed, the kind belongs to a sandbox, the value cannot be written, or the id in a configuration is not the
    /// container's.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">It is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox or the container is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public ModelChange Put<T>(string container, DocumentKind<T> kind, T value)
    {
        if (value is ContainerConfig config && config.Id != container)
        {
            throw new ArgumentException($"The configuration is of container '{config.Id}', not of '{container}'.", nameof(value));
        }

        _change.Put(container, kind, value);
        if (value is State state && ReferenceEquals(kind, _held.Model.ContainerState))
        {
            _containerStates[container] = state;
        }

        return this;
    }

    /// <summary>Writes everything that a new sandbox has, and creates its containers.</summary>
    /// <param name="sandbox">The sandbox; its id must be this one's.</param>
    /// <exception cref="ArgumentException">
    /// An id is empty, not allowed or there twice, a configuration is of another id or lacks kernel or image, or there are two hypervisors.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">A document is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public ModelChange Put(NewSandbox sandbox)
    {
        ArgumentNullException.ThrowIfNull(sandbox);
        if (sandbox.Id != _held.Sandbox || (sandbox.Qemu is not null && sandbox.Firecracker is not null))
        {
            throw new ArgumentException(
                $"The sandbox '{sandbox.Id}' is not '{_held.Sandbox}', which is locked, or has two hypervisors.", nameof(sandbox));
        }

        SandboxModel model = _held.Model;
        if (sandbox.Config is { HypervisorType: not ("" or "mock") } config)
        {
            config.HypervisorConfig.Validate();
        }

        PutIfGiven(model.SandboxConfig, sandbox.Config);
        PutIfGiven(model.SandboxState, sandbox.State);
        PutIfGiven(model.Network, sandbox.Network);
        PutIfGiven(model.Devices, sandbox.Devices);
        PutIfGiven(model.Qemu, sandbox.Qemu);
        PutIfGiven(model.Firecracker, sandbox.Firecracker);
        PutIfGiven(model.Agent, sandbox.Agent);
        foreach (NewDocument document in sandbox.Others)
        {
            document.PutInto(this);
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (NewContainer container in sandbox.Containers)
        {
            if (!ids.Add(container.Id))
            {
                throw new ArgumentException($"The container '{container.Id}' is there twice.", nameof(sandbox));
            }

            Put(container);
        }

        return this;
    }

    /// <summary>Creates a container and writes everything that it has.</summary>
    /// <param name="container">The container.</param>
    /// <exception cref="ArgumentException">
    /// Its id is empty, not allowed or the name of a sandbox's document, or its configuration is of another id.
    /// </exception>
    /// <exception cref="DocumentTooLargeException">A document is larger than <see cref="StoreOptions.DocumentBytesMax"/>.</exception>
    /// <exception cref="InvalidOperationException">
    /// The container is created or removed already in this transaction, the sandbox is removed in it, or it has been committed.
    /// </exception>
    public ModelChange Put(NewContainer container)
    {
        ArgumentNullException.ThrowIfNull(container);
        SandboxModel model = _held.Model;
        CreateContainer(container.Id);
        PutIfGiven(container.Id, model.ContainerConfig, container.Config);
        PutIfGiven(container.Id, model.ContainerState, container.State);
        PutIfGiven(container.Id, model.Process, container.Process);
        PutIfGiven(container.Id, model.Mounts, container.Mounts);
        PutIfGiven(container.Id, model.ContainerDevices, container.Devices);
        foreach (NewDocument document in container.Others)
        {
            document.PutInto(this, container.Id);
        }

        return this;
    }

    /// <summary>Removes a document of the sandbox; one that does not exist is no error.</summary>
    /// <param name="kind">Its kind.</param>
    /// <exception cref="ArgumentException">The kind belongs to a container.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public ModelChange Remove(DocumentKind kind)
    {
        _change.Remove(kind);
        _state = ReferenceEquals(kind, _held.Model.SandboxState) ? new State() : _state;
        return this;
    }

    /// <summary>Removes a document of a container; one that does not exist is no error.</summary>
    /// <param name="container">The container's id.</param>
    /// <param name="kind">Its kind.</param>
    /// <exception cref="ArgumentException">The id is not allowed, or the kind belongs to a sandbox.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sandbox or the container is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public ModelChange Remove(string container, DocumentKind kind)
    {
        _change.Remove(container, kind);
        if (ReferenceEquals(kind, _held.Model.ContainerState))
        {
            _containerStates[container] = new State();
        }

        return this;
    }

    /// <summary>Creates a container, which appears complete, with what this transaction puts into it.</summary>
    /// <param name="container">Its id; it must not exist.</param>
    /// <exception cref="ArgumentException">The id is not allowed, or is the name of a sandbox's document.</exception>
    /// <exception cref="InvalidOperationException">
    /// The container is created or removed already in this transaction, the sandbox is removed in it, or it has been committed.
    /// </exception>
    public ModelChange CreateContainer(string container)
    {
        _change.CreateContainer(ContainerNames.Check(container));
        _containerStates[container] = new State();
        return this;
    }

    /// <summary>Removes a container with everything in it.</summary>
    /// <param name="container">Its id; it must exist.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The container is removed already in this transaction, the sandbox is removed in it, or it has been committed.
    /// </exception>
    public ModelChange RemoveContainer(string container)
    {
        _change.RemoveContainer(container);
        return this;
    }

    /// <summary>Removes the sandbox with everything in it; also one whose record of intents is damaged.</summary>
    /// <exception cref="InvalidOperationException">
    /// Something is intended that is neither undone nor, before this call, completed or forgotten in this transaction; the sandbox is
    /// created or removed already in this transaction, or it has been committed.
    /// </exception>
    public ModelChange RemoveSandbox()
    {
        ThrowUnlessSettled();
        if (_completesAll || _settled.Count > 0 || _ledger.IsDamaged)
        {
            _change.ForgetIntents();
        }

        _change.RemoveSandbox();
        _removesSandbox = true;
        return this;
    }

    /// <summary>Lets the commit fail unless the sandbox still has this version.</summary>
    /// <param name="version">The version at which it was read.</param>
    /// <exception cref="InvalidOperationException">The transaction has been committed.</exception>
    public ModelChange RequireVersion(Lsn version)
    {
        _change.RequireVersion(version);
        return this;
    }

    /// <summary>Refuses to go on unless the sandbox is in a state in which it may be removed: ready, paused or stopped.</summary>
    /// <exception cref="InvalidTransitionException">It is in another state, or in none.</exception>
    public ModelChange RequireRemovable()
    {
        InvalidTransitionException.ThrowUnlessIn(
            [Lifecycle.Ready, Lifecycle.Paused, Lifecycle.Stopped], CurrentState().Lifecycle, $"sandbox '{_held.Sandbox}'");
        return this;
    }

    /// <summary>Refuses to go on unless a container is in a state in which it may be removed: ready or stopped.</summary>
    /// <param name="container">The container's id.</param>
    /// <exception cref="ArgumentException">The id is not allowed.</exception>
    /// <exception cref="InvalidTransitionException">It is in another state, or in none.</exception>
    public ModelChange RequireRemovable(string container)
    {
        InvalidTransitionException.ThrowUnlessIn(
            [Lifecycle.Ready, Lifecycle.Stopped], CurrentState(container).Lifecycle,
            $"container '{container}' of sandbox '{_held.Sandbox}'");
        return this;
    }

    /// <summary>Moves the sandbox from one state to another, checked against what is stored; the other members of its state stay.</summary>
    /// <param name="from">The state that it is in.</param>
    /// <param name="to">The state that it is to be in.</param>
    /// <exception cref="ArgumentException">A state is empty.</exception>
    /// <exception cref="InvalidTransitionException">It is not in that state, or may not go from it to the other.</exception>
    public ModelChange Transition(Lifecycle from, Lifecycle to)
    {
        State state = CurrentState();
        InvalidTransitionException.ThrowUnless(state.Lifecycle, from, to, $"sandbox '{_held.Sandbox}'");
        return Put(_held.Model.SandboxState, state with { Lifecycle = to });
    }

    /// <summary>Moves a container from one state to another, checked against what is stored; the other members of its state stay.</summary>
    /// <param name="container">The container's id.</param>
    /// <param name="from">The state that it is in.</param>
    /// <param name="to">The state that it is to be in.</param>
    /// <exception cref="ArgumentException">The id is not allowed, or a state is empty.</exception>
    /// <exception cref="NotFoundException">The container does not exist.</exception>
    /// <exception cref="InvalidTransitionException">It is not in that state, or may not go from it to the other.</exception>
    public ModelChange Transition(string container, Lifecycle from, Lifecycle to)
    {
        State state = CurrentState(container);
        InvalidTransitionException.ThrowUnless(state.Lifecycle, from, to, $"container '{container}' of sandbox '{_held.Sandbox}'");
        return Put(container, _held.Model.ContainerState, state with { Lifecycle = to });
    }

    /// <summary>Takes the sandbox's next block index: the index is used up when the transaction is committed, and not otherwise.</summary>
    /// <returns>The index, from 0.</returns>
    /// <exception cref="InvalidOperationException">
    /// The indexes are used up, the sandbox is removed in this transaction, or the transaction has been committed.
    /// </exception>
    public long TakeBlockIndex()
    {
        State state = CurrentState();
        if (state.BlockIndex is < 0 or long.MaxValue)
        {
            throw new InvalidOperationException(
                $"The sandbox '{_held.Sandbox}' has the block index {state.BlockIndex}, from which none can be taken.");
        }

        Put(_held.Model.SandboxState, state with { BlockIndex = state.BlockIndex + 1 });
        return state.BlockIndex;
    }

    /// <summary>
    /// Commits the transaction, with the changes of its other sandboxes if it has several: on return every change is durable and visible.
    /// See <see cref="Transaction.CommitAsync"/> for what may go wrong.
    /// </summary>
    /// <param name="cancellationToken">Honoured until the transaction is put into the log; after that it is ignored.</param>
    /// <returns>The transaction's LSN, now the sandbox's version.</returns>
    public ValueTask<Lsn> CommitAsync(CancellationToken cancellationToken = default) => _transaction.CommitAsync(cancellationToken);

    /// <inheritdoc cref="ModelTransaction.Commit"/>
    public Lsn Commit(CancellationToken cancellationToken = default) => _transaction.Commit(cancellationToken);

    /// <summary>It will not be committed, and that is known.</summary>
    internal void Abandon() => _change.Abandon();

    private void PutIfGiven<T>(DocumentKind<T> kind, T? value)
        where T : class => _ = value is null ? this : Put(kind, value);

    private void PutIfGiven<T>(string container, DocumentKind<T> kind, T? value)
        where T : class => _ = value is null ? this : Put(container, kind, value);

    private State StoredState(string container)
    {
        if (_held.Read(container, _held.Model.ContainerState) is { } state)
        {
            return state;
        }

        _containers ??= [.. _held.ListContainers()];
        return _containers.Contains(container) ? new State() : throw new NotFoundException("container", $"{_held.Sandbox}/{container}");
    }

    private State CurrentState() => _state ?? _held.Read(_held.Model.SandboxState) ?? new State();

    private State CurrentState(string container) =>
        _containerStates.GetValueOrDefault(container) ?? StoredState(container);
}
