using System;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Configuration;

/// <summary>Options of a program that it changes itself, kept in a store.</summary>
/// <typeparam name="T">The options.</typeparam>
public interface IWritableOptions<T>
    where T : class
{
    /// <summary>The options as all of configuration has them: those of <c>IOptionsMonitor</c>. Not to be changed in place.</summary>
    T CurrentValue { get; }

    /// <summary>
    /// Changes the section. On return it is durable, and <see cref="CurrentValue"/> shows it, unless a source of configuration that was
    /// added later says otherwise. Two changes, of two processes too, come one after the other, and the later sees the earlier.
    /// </summary>
    /// <param name="change">
    /// Changes what the section has. If the store has no such section yet, it begins with the options as the rest of configuration has
    /// them, and all of them are written.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the sandbox's lock.</param>
    /// <exception cref="ArgumentException">The options cannot be written as JSON.</exception>
    /// <exception cref="InvalidOperationException">Configuration has no source by <c>AddSafeStore</c>.</exception>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The changed options are not valid.</exception>
    /// <exception cref="LockTimeoutException">Another change took too long.</exception>
    /// <exception cref="SafeStoreException">As of any commit (docs/errors.md).</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing was changed.</exception>
    Task UpdateAsync(Action<T> change, CancellationToken cancellationToken = default);

    /// <summary>The same for options that are immutable, records for instance.</summary>
    /// <param name="change">Gives the new options for those that the section has.</param>
    /// <param name="cancellationToken">Ends the wait for the sandbox's lock.</param>
    /// <inheritdoc cref="UpdateAsync(Action{T}, CancellationToken)" path="/exception"/>
    Task UpdateAsync(Func<T, T> change, CancellationToken cancellationToken = default);
}
