using System;
using System.IO.Abstractions;
using System.Linq;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Cli.Tests.Repair;

/// <summary>Damages the log of a store on a simulated machine (docs/file-format.md, "Commit record").</summary>
internal static class LogFiles
{
    private const ulong RecordMagic = 0x3143_4552_4F54_5353;

    public static string NewestIn(SimulatedProcess process, string metadata) => process.FileSystem.Files.Directory
        .GetFiles($"{metadata}/log").Where(static path => !path.Contains("spare", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;

    public static void Cut(SimulatedProcess process, string segment, long length)
    {
        IFile files = process.FileSystem.Files.File;
        files.WriteAllBytes(segment, files.ReadAllBytes(segment)[..(int)length]);
    }

    /// <summary>Changes a byte of a record's payload.</summary>
    public static void DamageRecord(SimulatedProcess process, string segment, long lsn)
    {
        IFile files = process.FileSystem.Files.File;
        byte[] bytes = files.ReadAllBytes(segment);
        for (int offset = 4096; offset + 72 < bytes.Length; offset += 8)
        {
            if (BitConverter.ToUInt64(bytes, offset + 8) == RecordMagic && BitConverter.ToInt64(bytes, offset + 24) == lsn)
            {
                bytes[offset + 70] ^= 1;
                files.WriteAllBytes(segment, bytes);
                return;
            }
        }

        Assert.Fail($"There is no record {lsn}.");
    }
}
