using SafeStore.FileSystem;

namespace SafeStore.Roots;

/// <summary>Bind mounts of one filesystem share its device: mounts are compared where the kernel tells them, devices elsewhere.</summary>
internal static class MountComparison
{
    public static bool IsOnMountOf(this in FileStatus status, in FileStatus other) =>
        status.MountId != 0 && other.MountId != 0 ? status.MountId == other.MountId : status.Device == other.Device;
}
