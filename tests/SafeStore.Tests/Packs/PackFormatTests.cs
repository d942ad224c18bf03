using System;
using System.IO;
using System.IO.Hashing;
using System.Text;
using SafeStore.FileSystem;
using SafeStore.Packs;
using Xunit;

namespace SafeStore.Tests.Packs;

/// <summary>The bytes of docs/file-format.md, "Pack".</summary>
public sealed class PackFormatTests
{
    private static readonly FileStamp s_stamp = new(1, 2, 3, 4, 5);
    private const string Stamp = "01" + "0100000000000000" + "0200000000000000" + "0300000000000000" + "0400000000000000" + "0500000000000000";

    [Fact]
    public void A_header_has_its_checksum_first_and_the_boot_id_last()
    {
        byte[] bytes = new PackHeader("boot", 0x1122, 0x33, 0x4455).Encode();

        Assert.Equal(128, bytes.Length);
        Assert.Equal(XxHash3.HashToUInt64(bytes.AsSpan(8)), BitConverter.ToUInt64(bytes));
        Assert.Equal(
            "5353545041434B31" + "2211000000000000" + "33000000" + "00000000" + "5544000000000000" + Convert.ToHexString("boot"u8) + new string('0', 2 * 84),
            Convert.ToHexString(bytes.AsSpan(8)));
        Assert.Equal(new PackHeader("boot", 0x1122, 0x33, 0x4455), PackHeader.TryDecode(bytes));
    }

    [Fact]
    public void A_sandbox_has_its_directories_and_then_its_documents()
    {
        var sandbox = new PackedSandbox(
            [new PackedDirectory(StoreRoot.Run, null, s_stamp), new PackedDirectory(StoreRoot.Config, "web", null)],
            [new PackedDocument(new DocumentId("sb", "web", StoreRoot.Run, "a.json"), s_stamp, "{}"u8.ToArray())]);

        Assert.Equal(
            "02000000" + "01" + "00" + Stamp + "00" + "03776562" + "00" + "01000000" + "01" + "03776562" + "06612E6A736F6E" + Stamp + "02000000" + "7B7D",
            Bytes(sandbox.WriteTo));
    }

    [Fact]
    public void An_index_has_the_stamps_of_the_roots_and_all_sandboxes()
    {
        var index = new PackIndex(s_stamp, null, [new PackEntry("sb", 0x80, 0x10, 0x20)]);

        Assert.Equal(Stamp + "00" + "01000000" + "027362" + "8000000000000000" + "10000000" + "2000000000000000", Bytes(index.WriteTo));
    }

    private static string Bytes(Action<BinaryWriter> write)
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        write(writer);
        return Convert.ToHexString(buffer.ToArray());
    }
}
