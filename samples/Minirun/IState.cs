using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace Minirun;

/// <summary>Undoes a side effect: <see cref="Host.UndoAsync"/>.</summary>
internal delegate Task Undo(string effect, string target);

/// <summary>What the daemon must not forget: <see cref="SafeStoreState"/>, or <see cref="JsonFileState"/> to compare it with.</summary>
internal interface IState : IAsyncDisposable
{
    /// <summary>All containers, as they were saved last.</summary>
    IReadOnlyList<Container> List();

    /// <summary>Waits for the turn to create a container that does not exist.</summary>
    Task<ITurn> LockNewAsync(string id);

    /// <summary>Waits for the turn to change a container that exists.</summary>
    Task<ITurn> LockAsync(string id);

    /// <summary>Undoes what daemons before this one intended and neither kept nor undid.</summary>
    Task UndoAllAsync();
}

/// <summary>The turn of one request for one container, until it is disposed.</summary>
internal interface ITurn : IAsyncDisposable
{
    Container Container { get; }

    /// <summary>Says what is about to be done outside of the state, so that it can be undone.</summary>
    Task IntendAsync(string effect, string target);

    /// <summary>Writes the container, and keeps what was intended.</summary>
    Task SaveAsync(Container container);

    Task RemoveAsync();

    /// <summary>Undoes what was intended and is not kept, newest first.</summary>
    Task UndoAsync();
}
