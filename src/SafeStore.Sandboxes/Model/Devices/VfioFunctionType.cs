using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>How a VFIO function is passed through. A file may have other numbers, which are kept.</summary>
[JsonConverter(typeof(JsonNumberEnumConverter<VfioFunctionType>))]
[SuppressMessage("Design", "CA1028", Justification = "As wide as the seed's integer: a file may have any.")]
public enum VfioFunctionType : uint
{
    /// <summary>It could not be told.</summary>
    Error = 0,

    /// <summary>A physical function.</summary>
    Normal = 1,

    /// <summary>A mediated device.</summary>
    Mediated = 2,
}
