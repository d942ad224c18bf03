using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace SafeStore.Operations.Doctor;

/// <summary>Mounts, projects, permissions and owners of a root and its metadata.</summary>
internal static class PlaceCheck
{
    private const int NamesShown = 5;

    public static IEnumerable<DoctorFinding> Run(PlaceFacts place) =>
        OfMounts(place).Concat(OfProjects(place)).Concat(place.Exists ? OfPermissions(place) : []);

    private static IEnumerable<DoctorFinding> OfMounts(PlaceFacts place)
    {
        if (place is { Exists: true, Metadata: { } metadata } && !metadata.Status.IsOnMountOf(place.Status))
        {
            yield return DoctorFinding.Problem(
                "metadata-elsewhere", metadata.Path, $"It lies on another mount than its root '{place.Path}', so that nothing could be "
                + "renamed between them. A store refuses it.",
                "Mount something that holds both, or unmount what hides the right one.");
        }

        if (place.MountsBelow.Count > 0)
        {
            yield return DoctorFinding.Note(
                "mounts-below", place.Path,
                $"Something is mounted below: {Shown(place.MountsBelow)}. A sandbox with a mount below cannot be "
                + "removed (EBUSY), and one that is a mount cannot be changed (EXDEV).",
                "Unmount what was left behind (umount).");
        }
    }

    private static IEnumerable<DoctorFinding> OfProjects(PlaceFacts place)
    {
        if (place is { Exists: true, Metadata: not null, Project: { } project } && project != place.StagedProject)
        {
            yield return DoctorFinding.Problem(
                "project", place.Metadata.Path, $"The root hands down the project {project}, and what is made in the metadata has project "
                + $"{place.StagedProject}: it cannot be renamed into the root (EXDEV). A store refuses that.",
                $"Give the metadata that project: chattr -R +P -p {project} '{place.Metadata.Path}'.");
        }
        else if (place.OddProjects.Count > 0)
        {
            yield return DoctorFinding.Problem(
                "project", place.Path,
                $"These sandboxes take files of another project only than the metadata's: {Shown(place.OddProjects)}. "
                + "Their changes are refused (EXDEV).",
                $"Give them the metadata's project, {place.StagedProject} (chattr -R -p).");
        }
    }

    private static IEnumerable<DoctorFinding> OfPermissions(PlaceFacts place)
    {
        if (place.Parent is { } parent
            && (parent.Status.Mode & (UnixFileMode.OtherWrite | UnixFileMode.StickyBit)) == UnixFileMode.OtherWrite)
        {
            yield return DoctorFinding.Problem(
                "writable-by-others", parent.Path,
                $"Every user may write there, and so take '{place.Path}' away and put another in its place.",
                $"Take that right away: chmod o-w '{parent.Path}'.");
        }

        foreach (NamedStatus each in new[] { new NamedStatus(place.Path, place.Status), place.Metadata }.OfType<NamedStatus>()
            .Concat(place.MetadataEntries))
        {
            if ((each.Status.Mode & UnixFileMode.OtherWrite) != 0)
            {
                yield return DoctorFinding.Problem(
                    "writable-by-others", each.Path, "Every user may write to it: what the store finds there cannot be trusted.",
                    $"Take that right away: chmod o-w '{each.Path}'.");
            }

            if ((each.Status.Mode & UnixFileMode.GroupWrite) != 0)
            {
                yield return DoctorFinding.Note(
                    "writable-by-group", each.Path, $"The members of group {each.Status.Owner.Group} may write to it.",
                    $"If that is not meant: chmod g-w '{each.Path}'.");
            }

            if (each.Status.Owner.User != place.Status.Owner.User)
            {
                yield return DoctorFinding.Note(
                    "owner", each.Path, $"It belongs to user {each.Status.Owner.User}, and the root to user {place.Status.Owner.User}.",
                    "Find out which process made it. If that is not meant, give it to the root's owner (chown).");
            }
        }
    }

    private static string Shown(IReadOnlyList<string> names) => string.Join(", ", names.Take(NamesShown))
        + (names.Count > NamesShown ? $" and {names.Count - NamesShown} more" : "");
}
