namespace SafeStore.Benchmarks.Results;

/// <summary>A column of figures.</summary>
/// <param name="Name">Its heading, with the unit.</param>
/// <param name="Format">How many digits.</param>
internal sealed record Metric(string Name, string Format = "0")
{
    /// <summary>Whether less of it is better.</summary>
    public bool IsCost { get; init; }

    public static Metric PerSecond { get; } = new("commits/s");

    public static Metric P50 { get; } = new("p50 µs") { IsCost = true };

    public static Metric P99 { get; } = new("p99 µs") { IsCost = true };

    public static Metric P999 { get; } = new("p99.9 µs") { IsCost = true };
}
