using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.Operations.Doctor;

/// <summary>What kind of filesystem a root lies on, how it is mounted, and the device below.</summary>
internal static class FilesystemCheck
{
    private static readonly Rule[] s_rules =
    [
        new("no-barrier", FindingLevel.Problem, ["nobarrier", "barrier=0", "fsync_mode=nobarrier"],
            "It is mounted without barriers: a sync does not reach the medium, and a power loss takes what was acknowledged.",
            "Mount it with barriers, and mend /etc/fstab."),
        new("no-log-replay", FindingLevel.Problem, ["noload", "norecovery"],
            "It is mounted without a replay of its journal: what is seen may be inconsistent, and cannot be written.",
            "Copy away what you need, then mount it without this option."),
        new("overlay-volatile", FindingLevel.Problem, ["volatile"],
            "It is an overlayfs mounted volatile: it leaves out all syncs, and a crash of the machine may take everything.",
            "Mount it without this option, or keep the store on a volume."),
        new("read-only", FindingLevel.Problem, ["ro", "emergency_ro", "shutdown"],
            "It is read-only, or has stopped: the store can be looked at at best, and nothing can be written. Filesystems become so after "
            + "an error.",
            "Look at the kernel's log (dmesg). Check the filesystem, then mount it for writing."),
        new("data-writeback", FindingLevel.Note, ["data=writeback"],
            "It is mounted with data=writeback. SafeStore syncs what it writes; a file that another program writes without a sync may hold "
            + "old blocks after a power loss.",
            "Mount it with data=ordered, the default, if other programs write there."),
        new("errors-continue", FindingLevel.Note, ["errors=continue"],
            "It goes on after an error of its own, and errors may spread.",
            "Let it become read-only then: tune2fs -e remount-ro, and mount it again."),
        new("discard", FindingLevel.Note, ["discard", "discard=sync"],
            "It is mounted with discard: commits may wait for the device to discard freed blocks.",
            "Mount it without, and run fstrim from time to time (fstrim.timer)."),
    ];

    public static IEnumerable<DoctorFinding> Run(PlaceFacts place) =>
        OfKind(place).Concat(OfOptions(place)).Concat(OfState(place));

    private static IEnumerable<DoctorFinding> OfKind(PlaceFacts place)
    {
        string name = place.Traits.Name;
        if (!place.Traits.IsLocal)
        {
            yield return DoctorFinding.Problem(
                "remote-filesystem", place.Place,
                $"It lies on {name}, whose locks and syncs are not the local kernel's. A store refuses it.",
                "Keep the store on a local filesystem.");
        }

        if (place is { Root: StoreRoot.Config, Traits.IsVolatile: true })
        {
            yield return DoctorFinding.Problem(
                "volatile-config", place.Place,
                $"The config root lies on {name}, in memory: log and documents go with the machine's power.",
                "Keep the config root on a disk. The run root may lie in memory.");
        }

        if (!place.Traits.IsJournaled)
        {
            yield return DoctorFinding.Problem(
                "no-journal", MountOf(place), $"It is {name} without a journal: a power loss may damage the filesystem itself.",
                "Give it a journal: unmount it, then tune2fs -j.");
        }

        if (name == "overlayfs")
        {
            yield return DoctorFinding.Note(
                "overlay", place.Place, "It lies on overlayfs, where a directory of a lower layer cannot be renamed (EXDEV): the commit is "
                + "refused, or the sandbox parked.",
                "Keep the store on a volume, not in the container's own filesystem.");
        }

        if (name.StartsWith("0x", StringComparison.Ordinal))
        {
            yield return DoctorFinding.Note(
                "unknown-filesystem", place.Place, $"Its filesystem ({place.Mount?.Kind ?? name}) is none that SafeStore is tested on.",
                "Run 'safestore doctor --try', or use ext4, XFS or btrfs.");
        }
    }

    private static IEnumerable<DoctorFinding> OfOptions(PlaceFacts place) => s_rules
        .Where(rule => rule.Options.Any(place.Options.Contains) && (rule.Code != "overlay-volatile" || place.Traits.Name == "overlayfs"))
        .Select(rule => new DoctorFinding(rule.Code, rule.Level, MountOf(place), rule.Message, rule.Advice));

    private static IEnumerable<DoctorFinding> OfState(PlaceFacts place)
    {
        if (place.Errors > 0)
        {
            yield return DoctorFinding.Problem(
                "filesystem-errors", MountOf(place), $"The filesystem has counted {place.Errors} errors since its last check.",
                "Stop what uses it, unmount it, and check it (e2fsck -f). Then run 'safestore repair' to see whether the store opens.");
        }

        if (place.Device is { WriteCache: "write through" } device)
        {
            yield return DoctorFinding.Note(
                "write-cache", device.Name, "The kernel takes the device for one without a volatile cache and sends it no flushes. Whether "
                + "that is true cannot be told from here.",
                "Make sure of it: a cache of the drive or of the hypervisor must be off, or outlive a power loss.");
        }
    }

    private static string MountOf(PlaceFacts place) => place.Mount?.Point ?? place.Place;

    private sealed record Rule(string Code, FindingLevel Level, string[] Options, string Message, string Advice);
}
