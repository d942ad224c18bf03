namespace SafeStore;

/// <summary>
/// A store of the host was asked for before the host has opened it, or after it was closed. Nothing was done. What is made before the host
/// starts, a hosted service for instance, takes <see cref="Hosting.HostedStore{T}"/> instead and asks that for the store when it runs.
/// </summary>
public sealed class StoreNotOpenException : SafeStoreException
{
    internal StoreNotOpenException(string name, bool wasOpen)
        : base(wasOpen
            ? $"The host has closed the store{Label(name)}: it does so once all services have stopped. Use it until then only."
            : $"The store{Label(name)} is not open yet: the host opens it when it starts, after it has made the hosted services. Let "
                + "such a service take HostedStore<StateStore>, or HostedStore<SandboxStore>, and ask that for the store in its "
                + "ExecuteAsync.") =>
        Name = name;

    /// <inheritdoc/>
    public override string Code => "not-open";

    /// <summary>The store's name; empty for the one without.</summary>
    public string Name { get; }

    private static string Label(string name) => name.Length == 0 ? "" : $" '{name}'";
}
