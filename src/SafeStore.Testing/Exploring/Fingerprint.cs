using System;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Hashing;
using System.Linq;
using System.Text;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>A number that two states share if programs would find the same in them.</summary>
internal static class Fingerprint
{
    public static UInt128 Of(MachineImage image, int begun, int acknowledged, bool hasLostPower)
    {
        var hash = new XxHash128();
        Add(hash, begun);
        Add(hash, acknowledged);
        Add(hash, hasLostPower ? 1 : 0);
        foreach (Mount mount in image.Mounts ?? [])
        {
            Add(hash, (long)mount.Id);
            Add(hash, (long)mount.Device);
            Add(hash, mount.Root);
            Add(hash, (long)mount.Parent);
            Add(hash, mount.Directory);
            hash.Append(Encoding.UTF8.GetBytes(mount.Name));
        }

        foreach (Disk disk in image.Disks)
        {
            Add(hash, disk.BytesMax);
            Add(hash, disk.InodesMax);
            foreach (Inode inode in disk.Inodes.OrderBy(static inode => inode.Number))
            {
                Add(hash, inode);
            }
        }

        return hash.GetCurrentHashAsUInt128();
    }

    private static void Add(XxHash128 hash, Inode inode)
    {
        Add(hash, inode.Number);
        Add(hash, (long)inode.Metadata.Mode);
        Add(hash, ((long)inode.Metadata.Owner.User << 32) | inode.Metadata.Owner.Group);
        Add(hash, inode.Changed.UtcTicks);
        foreach ((string name, ImmutableArray<byte> value) in inode.Metadata.Attributes)
        {
            hash.Append(Encoding.UTF8.GetBytes(name));
            Add(hash, value.Length);
            hash.Append(value.AsSpan());
        }

        switch (inode)
        {
            case FileInode file:
                Add(hash, file.Content.Size);
                file.Content.AddTo(hash);
                break;
            case DirectoryInode directory:
                foreach ((string name, long number) in directory.Names.OrderBy(static entry => entry.Key, StringComparer.Ordinal))
                {
                    hash.Append(Encoding.UTF8.GetBytes(name));
                    Add(hash, number);
                }

                break;
            default:
                hash.Append(Encoding.UTF8.GetBytes(((LinkInode)inode).Target));
                break;
        }
    }

    private static void Add(XxHash128 hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.Append(bytes);
    }
}
