using System;
using System.Collections.Generic;
using System.IO;
using SafeStore.FileSystem;

namespace SafeStore.Operations.Repair;

/// <summary>A file or directory of a store, and what it should be given.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Mode">Its permission bits.</param>
/// <param name="Owner">Its user and group.</param>
/// <param name="NewMode">The permission bits that it should have.</param>
/// <param name="NewOwner">The user and group that it should belong to.</param>
public sealed record PermissionChange(string Path, UnixFileMode Mode, FileOwner Owner, UnixFileMode NewMode, FileOwner NewOwner);

/// <summary>
/// Gives the files of a store back to its owner, and takes rights away that other users should not have: as after a copy that root made.
/// Of the modes only that changes which a verification finds wrong.
/// </summary>
/// <remarks>
/// A store's files are its roots, their metadata, and what lies in its sandboxes. No link is followed and no mount crossed. A file with
/// several names is left alone, since it may be a copy's too: a verification finds it.
/// </remarks>
public static class PermissionRepair
{
    /// <summary>What would change. Opens nothing and changes nothing.</summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="owner">To whom all of it should belong; null: what is another user's, to the user of its root.</param>
    /// <param name="options">The store's options; null for the default.</param>
    /// <exception cref="NotFoundException">There is no store, or a root of it is missing.</exception>
    /// <exception cref="StorageException">Something cannot be looked at.</exception>
    public static IReadOnlyList<PermissionChange> Examine(StoreLayout layout, FileOwner? owner = null, StoreOptions? options = null) =>
        Run(layout, options, fs => new PermissionWalk(fs, owner, isChanging: false));

    /// <summary>
    /// Changes it. What was changed is durable on return. Safe to kill and to repeat; another process may have the store open meanwhile.
    /// </summary>
    /// <param name="layout">Where the store lies.</param>
    /// <param name="owner">To whom all of it should belong; null: what is another user's, to the user of its root.</param>
    /// <param name="options">The store's options; null for the default. The filesystem must be <see cref="PosixFileSystem"/>.</param>
    /// <returns>What was changed.</returns>
    /// <exception cref="NotFoundException">There is no store, or a root of it is missing.</exception>
    /// <exception cref="StorageException">Something cannot be looked at, or changed: only root may give files away.</exception>
    public static IReadOnlyList<PermissionChange> Repair(StoreLayout layout, FileOwner? owner = null, StoreOptions? options = null) =>
        Run(layout, options, fs => new PermissionWalk(fs, owner, isChanging: true));

    private static List<PermissionChange> Run(StoreLayout layout, StoreOptions? options, Func<IDurableFileSystem, PermissionWalk> walkOf)
    {
        ArgumentNullException.ThrowIfNull(layout);
        options ??= new StoreOptions();
        PermissionWalk walk = walkOf(options.FileSystemInUse);
        foreach (StoreRoot root in new[] { StoreRoot.Config, StoreRoot.Run })
        {
            using ViewedRoot view = ViewedRoot.Open(options.FileSystemInUse, layout, root);
            walk.Visit(view);
        }

        return walk.Changes;
    }
}
