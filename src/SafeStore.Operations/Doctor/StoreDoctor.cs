using System;
using System.Collections.Generic;
using System.Linq;
using SafeStore.FileSystem;
using SafeStore.Operations.Doctor;

namespace SafeStore.Operations;

/// <summary>
/// Looks at the machine below a store: filesystems, mounts, devices, space, permissions, limits, clock. The store need not exist: then it
/// looks at the directories in which one would be made.
/// </summary>
public static class StoreDoctor
{
    /// <summary>What can be told by looking. Writes nothing, takes no lock, waits for nothing.</summary>
    /// <param name="layout">Where the store lies, or is to lie.</param>
    /// <param name="options">Its options: the filesystem, the clock and the limits count. Null for the default.</param>
    /// <returns>What is found, problems first.</returns>
    public static IReadOnlyList<DoctorFinding> Examine(StoreLayout layout, StoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        var found = new List<DoctorFinding>();
        PlaceFacts[] places = ReadPlaces(PlaceFacts.Read, layout, options, found);
        foreach (PlaceFacts place in places)
        {
            found.AddRange(FilesystemCheck.Run(place));
            found.AddRange(PlaceCheck.Run(place));
            found.AddRange(SpaceCheck.Run(place, options));
        }

        found.AddRange(MachineCheck.Run(MachineFacts.Read(layout, options), options));
        return Sorted(found);
    }

    /// <summary>
    /// As <see cref="Examine"/>, but only what may change while a store is open: <c>space</c>, <c>inodes</c>, <c>read-only</c> and
    /// <c>filesystem-errors</c>, or <c>unreadable</c>. Its cost does not grow with the store.
    /// </summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="options">Its options: the filesystem and the limits count. Null for the default.</param>
    /// <returns>What is found, problems first.</returns>
    public static IReadOnlyList<DoctorFinding> ExamineState(StoreLayout layout, StoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        var found = new List<DoctorFinding>();
        foreach (PlaceFacts place in ReadPlaces(PlaceFacts.ReadState, layout, options, found))
        {
            found.AddRange(FilesystemCheck.Run(place).Where(static each => each.Code is "read-only" or "filesystem-errors"));
            found.AddRange(SpaceCheck.Run(place, options));
        }

        return Sorted(found);
    }

    /// <summary>
    /// Tries what the engine needs of a filesystem: locks, renames, syncs, attributes. It makes a directory
    /// <c>.safestore-doctor-...</c> beside what is there and removes it again; one that a killed process has left is removed too.
    /// </summary>
    /// <param name="layout">Where the store lies, or is to lie.</param>
    /// <param name="options">Its options: only the filesystem counts. Null for the default.</param>
    /// <returns>What does not work, problems first.</returns>
    public static IReadOnlyList<DoctorFinding> Try(StoreLayout layout, StoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        var found = new List<DoctorFinding>();
        PlaceFacts[] places = ReadPlaces(PlaceFacts.Read, layout, options, found);
        foreach (string place in places.Select(static each => each.Metadata?.Path ?? each.Place).Distinct())
        {
            found.AddRange(FeatureTrial.Run(options.FileSystemInUse, place));
        }

        return Sorted(found);
    }

    private static PlaceFacts[] ReadPlaces(
        Func<IDurableFileSystem, StoreLayout, StoreRoot, PlaceFacts> read, StoreLayout layout, StoreOptions options,
        List<DoctorFinding> found)
    {
        var places = new List<PlaceFacts>();
        foreach (StoreRoot root in new[] { StoreRoot.Config, StoreRoot.Run })
        {
            try
            {
                places.Add(read(options.FileSystemInUse, layout, root));
            }
            catch (StorageException failure)
            {
                found.Add(DoctorFinding.Problem("unreadable", layout.PathOf(root), failure.Message, failure.Errno == Errno.AccessDenied
                    ? "Run it as root, or as the user that the store belongs to." : "Mend that first: nothing else was looked at there."));
            }
        }

        return [.. places];
    }

    private static DoctorFinding[] Sorted(IEnumerable<DoctorFinding> found) =>
        [.. found.Distinct().OrderByDescending(static each => each.Level)];
}
