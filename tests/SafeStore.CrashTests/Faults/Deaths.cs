using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Kills;
using SafeStore.CrashTests.Support;
using Xunit;

namespace SafeStore.CrashTests.Faults;

/// <summary>Processes that end, or stop, between the append of a transaction and its publishing.</summary>
internal static class Deaths
{
    private const string Renames = "renameat2,renameat,rename";

    /// <summary>SIGKILL ends the process at its first rename: what it was told is durable, and nothing of it is visible.</summary>
    /// <param name="layout">The store.</param>
    /// <param name="command">What the process is told. Its transaction is about <see cref="Workloads.One"/>, or it creates a
    /// sandbox.</param>
    public static void BeforePublishing(StoreLayout layout, string command) =>
        AtRenames(layout, command, layout.Config, layout.Run, Of(layout.Config), Of(layout.Run), Of(layout.Config, "web"), Of(
            layout.Run, "web"));

    /// <summary>SIGKILL ends the process at its first rename in some directories: the others have been changed before.</summary>
    public static void AtRenames(StoreLayout layout, string command, params string[] directories)
    {
        using ChildProcess child = ChildProcess.Open(layout);
        using var tracer = new Tracer(child, directories, "trace=" + Renames, $"inject={Renames}:error=EIO:signal=KILL");
        child.Send(command);
        string? answer = child.ReadLine();
        tracer.Abandon();
        Assert.Null(answer);
    }

    /// <summary>
    /// A living process that is stopped (SIGSTOP) after the append of an update of <see cref="Workloads.One"/>, which it holds.
    /// </summary>
    public static async Task<ChildProcess> StoppedHolderAsync(Scene scene, StoreLayout layout)
    {
        using SeededStore seeded = await SeededStore.MakeAsync();
        KillPoint point = KillPoint.Of(Victim.StepsOf(seeded.Copy(), "update")).First(static point => point.Verb is "exchange" or "rename");
        ChildProcess child = scene.Open(layout);
        _ = child.Expect(point.Command);
        Assert.StartsWith("stopped ", child.Ask("workload update"));
        Tool.Run("kill", "-STOP", child.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return child;
    }

    private static string Of(string root, string container = "") => Path.TrimEndingDirectorySeparator(
        Path.Combine(root, Workloads.One, container));
}
