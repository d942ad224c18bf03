using Microsoft.Extensions.Options;

namespace SafeStore.Hosting;

/// <summary>Tells all that is wrong with the settings of a store at once. Its code is generated of the attributes.</summary>
[OptionsValidator]
internal sealed partial class HostedStoreOptionsValidator : IValidateOptions<HostedStoreOptions>;
