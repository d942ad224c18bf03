using System;

namespace SafeStore.Sandboxes;

/// <summary>
/// Where a sandbox or container stands in its life: ready → running ⇄ paused, and stopped from each of them; a stopped one may run
/// again.
/// </summary>
public enum Lifecycle
{
    /// <summary>No state, or a text that is none of the four.</summary>
    Unknown = 0,

    /// <summary>Created, not started (<c>ready</c>).</summary>
    Ready = 1,

    /// <summary>Running (<c>running</c>).</summary>
    Running = 2,

    /// <summary>Paused (<c>paused</c>).</summary>
    Paused = 3,

    /// <summary>Stopped (<c>stopped</c>).</summary>
    Stopped = 4,
}

/// <summary>What may follow what, and the texts of the file.</summary>
public static class Lifecycles
{
    /// <summary>The state that a text of a file stands for; <see cref="Lifecycle.Unknown"/> for any other text.</summary>
    /// <param name="text">The text.</param>
    public static Lifecycle Parse(string text) => text switch
    {
        "ready" => Lifecycle.Ready,
        "running" => Lifecycle.Running,
        "paused" => Lifecycle.Paused,
        "stopped" => Lifecycle.Stopped,
        _ => Lifecycle.Unknown,
    };

    /// <summary>The text that stands for it in a file.</summary>
    /// <param name="lifecycle">The state.</param>
    /// <exception cref="ArgumentException">It is <see cref="Lifecycle.Unknown"/> ("State cannot be empty").</exception>
    public static string ToText(this Lifecycle lifecycle) => lifecycle switch
    {
        Lifecycle.Ready => "ready",
        Lifecycle.Running => "running",
        Lifecycle.Paused => "paused",
        Lifecycle.Stopped => "stopped",
        _ => throw new ArgumentException("State cannot be empty: name one of the four.", nameof(lifecycle)),
    };

    /// <summary>Whether a sandbox or container in this state may go to another: the seed's table.</summary>
    /// <param name="lifecycle">The state.</param>
    /// <param name="next">The other state.</param>
    public static bool MayBecome(this Lifecycle lifecycle, Lifecycle next) => (lifecycle, next) switch
    {
        (Lifecycle.Ready, Lifecycle.Running or Lifecycle.Stopped) => true,
        (Lifecycle.Running, Lifecycle.Paused or Lifecycle.Stopped) => true,
        (Lifecycle.Paused, Lifecycle.Running or Lifecycle.Stopped) => true,
        (Lifecycle.Stopped, Lifecycle.Running) => true,
        _ => false,
    };
}
