using System.Diagnostics;

namespace SafeStore.Kata;

/// <summary>
/// The activities of the calls by the seed's names, with its names of spans and tags; they cost nothing without a listener.
/// </summary>
internal static class KataActivities
{
    private static readonly ActivitySource s_source = new(KataResources.ActivitySourceName);

    public static Activity? Start(string name, string sandbox, string? container = null, SandboxResource? resource = null)
    {
        Activity? activity = s_source.StartActivity(name);
        if (activity is not null)
        {
            activity.SetTag("subsystem", "storage").SetTag("type", "filesystem").SetTag("sandbox", sandbox);
            if (container is not null)
            {
                activity.SetTag("container", container);
            }

            if (resource is { } known)
            {
                activity.SetTag("resource", NameOf(known));
            }
        }

        return activity;
    }

    private static string NameOf(SandboxResource resource) => resource switch
    {
        SandboxResource.Config => "configFileType",
        SandboxResource.State => "stateFileType",
        SandboxResource.Network => "networkFileType",
        SandboxResource.Hypervisor => "hypervisorFileType",
        SandboxResource.Agent => "agentFileType",
        SandboxResource.Process => "processFileType",
        SandboxResource.Lock => "lockFileType",
        SandboxResource.Mounts => "mountsFileType",
        SandboxResource.Devices => "devicesFileType",
        SandboxResource.ContainerDevices => "devicesIDFileType",
        _ => string.Empty,
    };
}
