using System.IO;
using System.Linq;

namespace Minirun;

/// <summary>
/// Where everything of a daemon lies. The name of its directory also begins the names of its cgroups and namespaces.
/// </summary>
internal sealed class Paths
{
    public Paths(string root)
    {
        Root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        Name = Path.GetFileName(Root);
        if (Name.Length == 0 || Root.Any(static each => each is ',' or ':' or '\\' or ' '))
        {
            throw new MinirunException($"'{root}' cannot be the root: it needs a name, and a path without , : \\ and space.");
        }
    }

    public string Root { get; }

    public string Name { get; }

    public string Socket => Path.Join(Root, "minirun.sock");

    public string Cgroup => $"/{Name}";

    public string State => Path.Join(Root, "state");

    public string Image => Path.Join(Root, "image");

    public string Runc => Path.Join(Root, "runc");

    public string Containers => Path.Join(Root, "containers");

    public string DirectoryOf(string id) => Path.Join(Containers, id);

    public string LogOf(string id) => Path.Join(Containers, id, "log");

    public string RootFsOf(string id) => Path.Join(Containers, id, "rootfs");

    public string NetNsOf(string id) => $"{Name}-{id}";

    public string CgroupOf(string id) => $"/{Name}-{id}";
}
