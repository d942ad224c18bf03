using System.Collections.Generic;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Doctor;

/// <summary>
/// Whether there is room. Opening, recovery, reading and removing need none (docs/protocol-limits.md, "Full disks"), but for btrfs; the
/// commits afterwards do.
/// </summary>
internal static class SpaceCheck
{
    private const int InodesLow = 1024;
    private const int InodesNeeded = 16;

    public static IEnumerable<DoctorFinding> Run(PlaceFacts place, StoreOptions options)
    {
        if (place.Space is not { } left)
        {
            yield break;
        }

        bool hasLog = place.Root == StoreRoot.Config;
        long needed = options.DocumentBytesMax + (hasLog ? options.SegmentBytes : 0);
        long wanted = needed + (hasLog ? 2 * options.LogBytesMax : 0);
        if (left.Bytes < needed)
        {
            yield return DoctorFinding.Problem(
                "space", place.Place,
                $"{left.Bytes} bytes are free, and the next commits may need {needed}. {Refused(place.Traits)}", Advice);
        }
        else if (left.Bytes < wanted)
        {
            yield return DoctorFinding.Note(
                "space", place.Place, $"{left.Bytes} bytes are free; log and documents may need {wanted}. {Refused(place.Traits)}", Advice);
        }

        if (left.Inodes < InodesLow)
        {
            string message = $"{left.Inodes} inodes are free, and a transaction needs one for each document that it writes.";
            yield return left.Inodes < InodesNeeded
                ? DoctorFinding.Problem("inodes", place.Place, message, Advice)
                : DoctorFinding.Note("inodes", place.Place, message, Advice);
        }
    }

    private const string Advice = "Remove sandboxes that are not needed, or other files there; removing needs no space. Or enlarge the "
        + "filesystem.";

    private static string Refused(FileSystemTraits traits) => traits.CopiesOnWrite
        ? "Without, they are refused (no-space); on this filesystem a recovery may need some too."
        : "Without, they are refused (no-space). A recovery needs none.";
}
