using System;
using System.Globalization;
using System.IO;
using SafeStore.CrashTests.Support;

namespace SafeStore.CrashTests.Faults;

/// <summary>Processes of a user that is not root: a service, or another member of its group.</summary>
internal sealed class Users : IDisposable
{
    public const int Service = 23456;
    public const int Member = 23457;
    public const int Group = 34567;

    /// <summary>A user's .NET wants a home for nothing but its own files.</summary>
    private readonly TempDirectory _home = new();

    public Users() => File.SetUnixFileMode(_home.Path, (UnixFileMode)0b111_111_111);

    /// <summary>A process of a user, in the service's group.</summary>
    public ChildProcess Child(StoreLayout layout, int user = Service, params string[] more) => new(layout,
        [
            "env", "HOME=" + _home.Path, "setpriv", .. Become(user), .. more,
        ]);

    /// <summary>A process of a user whose first group is another one, and who is a member of the service's.</summary>
    public ChildProcess ChildWithOwnGroup(StoreLayout layout, int user) => new(
        layout,
        [
            "env", "HOME=" + _home.Path, "setpriv", Option("reuid", user), Option("regid", user), Option("groups", Group), "--no-new-privs",
        ]);

    /// <summary>What setpriv needs to become a user of the service's group.</summary>
    public static string[] Become(int user) => [Option("reuid", user), Option("regid", Group), "--clear-groups", "--no-new-privs"];

    /// <summary>Gives the service all that a store consists of, or the directories that are to become one.</summary>
    public static void Own(StoreLayout layout)
    {
        Directory.CreateDirectory(layout.Config);
        Directory.CreateDirectory(layout.Run);
        foreach (string root in new[] { layout.Config, layout.Run })
        {
            File.SetUnixFileMode(Path.GetDirectoryName(root)!, (UnixFileMode)0b111_101_101);
        }

        foreach (string path in new[] { layout.Config, layout.Run, layout.ConfigMetadata, layout.RunMetadata })
        {
            if (Directory.Exists(path))
            {
                Tool.Run("chown", "-R", string.Create(CultureInfo.InvariantCulture, $"{Service}:{Group}"), path);
            }
        }
    }

    public void Dispose() => _home.Dispose();

    private static string Option(string name, int id) => string.Create(CultureInfo.InvariantCulture, $"--{name}={id}");
}
