using System.Text.Json;

namespace Minirun;

/// <summary>What runc is told of a container.</summary>
internal static class Bundle
{
    public static string ConfigOf(Container container, Paths paths) => $$"""
        {
          "ociVersion": "1.0.2",
          "hostname": "{{container.Id}}",
          "process": {
            "user": { "uid": 0, "gid": 0 },
            "args": {{JsonSerializer.Serialize(container.Command, Json.Default.IReadOnlyListString)}},
            "env": ["PATH=/bin"],
            "cwd": "/",
            "noNewPrivileges": true
          },
          "root": { "path": {{Text(paths.RootFsOf(container.Id))}} },
          "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"] }
          ],
          "linux": {
            "cgroupsPath": {{Text(paths.CgroupOf(container.Id))}},
            "resources": { "memory": { "limit": 67108864 }, "pids": { "limit": 64 } },
            "namespaces": [
              { "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" },
              { "type": "network", "path": {{Text($"/run/netns/{paths.NetNsOf(container.Id)}")}} }
            ]
          }
        }
        """;

    private static string Text(string value) => JsonSerializer.Serialize(value, Json.Default.String);
}
