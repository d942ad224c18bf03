using System;
using System.IO;
using SafeStore.CrashTests.Child;
using SafeStore.CrashTests.Support;

namespace SafeStore.CrashTests.Faults;

/// <summary>What is in the way of a transaction that is durable and not published yet: an update of <see cref="Workloads.One"/>.</summary>
internal sealed class Obstacle
{
    private readonly Action _remove;

    private Obstacle(Action remove) => _remove = remove;

    public static Obstacle Of(string kind, Scene scene, StoreLayout layout)
    {
        string sandbox = Path.Combine(layout.Config, Workloads.One);
        string document = Path.Combine(sandbox, "config.json");
        string lockFile = Path.Combine(layout.Run, Workloads.One, "lock");
        return kind switch
        {
            "directory in a document's place" => Instead(
                document, static path => _ = Directory.CreateDirectory(Path.Combine(path, "inner"))),
            "directory in a deleted document's place" => Instead(Path.Combine(layout.Run, Workloads.One, "db", "note.json"), static path =>
                _ = Directory.CreateDirectory(Path.Combine(path, "inner"))),
            "mounted document" => Mounted(scene, document),
            "immutable document" => Forbidden(document, 'i'),
            "append-only document" => Forbidden(document, 'a'),
            "immutable sandbox" => Forbidden(sandbox, 'i'),
            "immutable container" => Forbidden(Path.Combine(layout.Run, Workloads.One, "db"), 'i'),
            "file in a container's place" => Instead(Path.Combine(sandbox, "web"), static path => Files.Write(path, "odd")),
            "link in a container's place" => Instead(
                Path.Combine(sandbox, "web"), path => _ = Directory.CreateSymbolicLink(path, scene.Make("elsewhere"))),
            "pipe in the lock file's place" => Instead(lockFile, static path => Tool.Run("mkfifo", path)),
            "device in the lock file's place" => Instead(lockFile, static path => Tool.Run("mknod", path, "c", "1", "7")),
            "directory in the lock file's place" => Instead(lockFile, static path => _ = Directory.CreateDirectory(path)),
            "immutable lock file" => Forbidden(lockFile, 'i'),
            "filesystem mounted over a container" => MountedOver(scene, Path.Combine(sandbox, "web")),
            _ => throw new ArgumentException(kind, nameof(kind)),
        };
    }

    public void Remove() => _remove();

    private static Obstacle Instead(string path, Action<string> put)
    {
        string aside = path + ".aside";
        Tool.Run("mv", path, aside);
        put(path);
        return new Obstacle(() =>
        {
            Tool.Run("rm", "-rf", path);
            Tool.Run("mv", aside, path);
        });
    }

    private static Obstacle Mounted(Scene scene, string document)
    {
        string other = Path.Combine(scene.Make("mounted"), "document");
        Files.Write(other, "\"mounted\"");
        scene.Bind(other, document);
        return new Obstacle(() => Tool.Run("umount", document));
    }

    private static Obstacle MountedOver(Scene scene, string directory)
    {
        scene.MountTmpfs(directory);
        return new Obstacle(() => Tool.Run("umount", directory));
    }

    private static Obstacle Forbidden(string path, char flag)
    {
        Scene.Forbid(path, flag);
        return new Obstacle(() => Scene.Allow(path, flag));
    }
}
