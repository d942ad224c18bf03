using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>How the guest's network is connected to the host's. A file may have other numbers, which are kept.</summary>
[JsonConverter(typeof(JsonNumberEnumConverter<NetworkInterworkingModel>))]
[SuppressMessage("Design", "CA1028", Justification = "As wide as the seed's integer: a file may have any.")]
public enum NetworkInterworkingModel : long
{
    /// <summary>Not set.</summary>
    Default = 0,

    /// <summary>By a bridge.</summary>
    Bridged = 1,

    /// <summary>By macvtap.</summary>
    Macvtap = 2,

    /// <summary>By the plugin itself.</summary>
    Enlightened = 3,

    /// <summary>By traffic control filters.</summary>
    TrafficControl = 4,

    /// <summary>Not at all.</summary>
    None = 5,
}
