using System.Linq;
using Microsoft.Extensions.Options;

namespace SafeStore.Hosting;

/// <summary>Tells all that is wrong with the settings of a store at once, and of which store they are.</summary>
internal sealed class StoreSettingsCheck : IValidateOptions<HostedStoreOptions>
{
    private readonly HostedStoreOptionsValidator _validator = new();

    public ValidateOptionsResult Validate(string? name, HostedStoreOptions options)
    {
        ValidateOptionsResult result = _validator.Validate(name: null, options);
        return result.Failed && !string.IsNullOrEmpty(name)
            ? ValidateOptionsResult.Fail(result.Failures.Select(failure => $"Store '{name}': {failure}")) : result;
    }
}

/// <summary>Its code is generated of the attributes.</summary>
[OptionsValidator]
internal sealed partial class HostedStoreOptionsValidator : IValidateOptions<HostedStoreOptions>;
