using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text.Json.Serialization.Metadata;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace SafeStore.Configuration;

/// <summary>Options that are a document of the last source of configuration that is a store.</summary>
internal sealed class WritableOptions<[DynamicallyAccessedMembers(WritableOptionsServices.Constructor)] T>(
    IConfiguration configuration, IOptionsMonitor<T> monitor, IOptionsFactory<T> factory, IEnumerable<IValidateOptions<T>> validations,
    string name, string section, JsonTypeInfo<T> json)
    : IWritableOptions<T>
    where T : class
{
    private readonly DocumentKind<T> _kind = DocumentKind.OfSandbox(SectionName.ToFile(section), StoreRoot.Config, json);

    public T CurrentValue => monitor.Get(name);

    public Task UpdateAsync(Action<T> change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return UpdateAsync(
            options =>
            {
                change(options);
                return options;
            },
            cancellationToken);
    }

    public async Task UpdateAsync(Func<T, T> change, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        SectionProvider provider = (configuration as IConfigurationRoot)?.Providers.OfType<SectionProvider>().LastOrDefault()
            ?? throw new InvalidOperationException(
                $"The section '{section}' has no place: configuration has no store. Call AddSafeStore of the configuration builder.");
        SandboxLock held = await provider.Store.LockOrCreateAsync(
            provider.Sandbox, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            T changed = change(held.Read(_kind) ?? factory.Create(name))
                ?? throw new ArgumentException($"The change gave no options for the section '{section}'.", nameof(change));
            ThrowIfInvalid(changed);
            _ = await held.Change().Put(_kind, changed).CommitAsync(cancellationToken).ConfigureAwait(false);
        }

        provider.TryRefresh();
    }

    /// <summary>What is not valid would keep the program from starting the next time.</summary>
    private void ThrowIfInvalid(T changed)
    {
        string[] failures = [.. validations.Select(each => each.Validate(name, changed)).Where(static each => each.Failed)
            .SelectMany(static each => each.Failures!)];
        if (failures.Length > 0)
        {
            throw new OptionsValidationException(name, typeof(T), failures);
        }
    }
}
