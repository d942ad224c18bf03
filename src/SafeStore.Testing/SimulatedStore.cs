using System;
using System.Threading.Tasks;

namespace SafeStore.Testing;

/// <summary>
/// A store on a simulated machine, for the unit tests of a program that keeps its state in one: on Linux, macOS and Windows, in memory, in
/// no real time, with power losses and kills.
/// </summary>
/// <example>
/// <code>
/// await using var simulated = await SimulatedStore.OpenAsync();
/// await CreateAsync(simulated.Store, "sb-1");                      // what is to be tested
/// StateStore store = await simulated.LosePowerAsync(seed: 7);      // and opened again
/// Assert.Equal("ready", store.Read("sb-1", Documents.State)?.Value);
/// </code>
/// </example>
public sealed class SimulatedStore : IAsyncDisposable
{
    private readonly StoreOptions _options;

    private SimulatedStore(SimulatedMachine machine, StoreOptions options)
    {
        _options = options;
        Machine = machine;
        Process = machine.Start();
        Store = null!; // until it is open
    }

    /// <summary>The machine: its clock, its faults, and files for other programs.</summary>
    public SimulatedMachine Machine { get; }

    /// <summary>The process that has the store open; another one after a power loss or kill.</summary>
    public SimulatedProcess Process { get; private set; }

    /// <summary>The store as it was opened last.</summary>
    public StateStore Store { get; private set; }

    /// <summary>Where it lies on the machine: <c>/store/config</c> and <c>/store/run</c>.</summary>
    public StoreLayout Layout { get; } = StoreLayout.At("/store");

    /// <summary>Makes a machine and opens a new store on it.</summary>
    /// <param name="options">How the store works; its filesystem and clock are replaced by those of the machine.</param>
    /// <param name="machine">What the machine is like; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static async Task<SimulatedStore> OpenAsync(StoreOptions? options = null, SimulatedMachineOptions? machine = null)
    {
        var simulated = new SimulatedStore(new SimulatedMachine(machine), options ?? new StoreOptions());
        _ = await simulated.OpenStoreAsync().ConfigureAwait(false);
        return simulated;
    }

    /// <summary>
    /// The power goes and comes back, and the store is opened again by a new process. What was not synced is there or not, as the seed
    /// decides. The store, locks and changes of before are dead: every call of theirs throws <see cref="SimulatedCrashException"/>.
    /// </summary>
    /// <param name="seed">Try several.</param>
    /// <returns>The store as it was recovered.</returns>
    /// <exception cref="SafeStoreException">It does not open.</exception>
    public Task<StateStore> LosePowerAsync(ulong seed)
    {
        Machine.LosePower(seed);
        return RestartAsync();
    }

    /// <summary>
    /// The process is killed, and the store is opened again by a new one. Other processes of the machine go on. What
    /// <see cref="LosePowerAsync"/> says of the store of before holds here too.
    /// </summary>
    /// <returns>The store; it was recovered if no other process has it open.</returns>
    /// <exception cref="SafeStoreException">It does not open.</exception>
    public Task<StateStore> KillAsync()
    {
        Process.Kill();
        return RestartAsync();
    }

    /// <summary>Closes the store in order and opens it again, in the same process.</summary>
    /// <returns>The store.</returns>
    /// <exception cref="SafeStoreException">It does not open.</exception>
    public async Task<StateStore> ReopenAsync()
    {
        await DisposeAsync().ConfigureAwait(false);
        return await OpenStoreAsync().ConfigureAwait(false);
    }

    /// <summary>Closes the store, unless it has died with its process.</summary>
    public ValueTask DisposeAsync() => Process.IsAlive ? Store.DisposeAsync() : default;

    private Task<StateStore> RestartAsync()
    {
        Process = Machine.Start();
        return OpenStoreAsync();
    }

    private async Task<StateStore> OpenStoreAsync() => Store = await StateStore.OpenAsync(
        Layout, _options with { FileSystem = Process.FileSystem, TimeProvider = Process.Clock }).ConfigureAwait(false);
}
