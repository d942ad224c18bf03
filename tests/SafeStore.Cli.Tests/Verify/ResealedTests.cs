using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.Hashing;
using System.Linq;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Verify;

/// <summary>
/// A verification ends whatever stands behind a checksum that is right: a defect, or another program, may have written it.
/// </summary>
public sealed class ResealedTests(DamageScene scene, ITestOutputHelper output) : IClassFixture<DamageScene>
{
    private const int Rounds = 40;

    [Fact]
    public void A_lock_word_may_say_anything() => AssertEnds(scene.Crashed, "run/a/lock", 0, static _ => 40);

    [Theory]
    [InlineData("config/.safestore/watermark.0")]
    [InlineData("config/.safestore/watermark.1")]
    [InlineData("run/.safestore/watermark.0")]
    public void A_watermark_may_say_anything(string file) =>
        AssertEnds(scene.Parked, file, 0, static bytes => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(16)));

    [Fact]
    public void A_segment_may_say_anything() => AssertEnds(scene.Crashed, Segment, 0, static _ => 120);

    [Fact]
    public void A_record_may_say_anything() =>
        AssertEnds(scene.Crashed, Segment, 4096, static bytes => 64 + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4096 + 48)));

    [Fact]
    public void Parked_records_may_say_anything() => AssertEnds(
        scene.Parked, "config/.safestore/parked/b", 0, static bytes => 72 + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(64)));

    private string Segment => Path.GetRelativePath(
        scene.Crashed,
        Directory.EnumerateFiles(Path.Combine(scene.Crashed, "config/.safestore/log"), "0*.log").Max(StringComparer.Ordinal)!);

    private void AssertEnds(string store, string file, int start, Func<byte[], int> size)
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        string path = Path.Combine(store, file);
        byte[] good = File.ReadAllBytes(path);
        byte[] interesting = [0, 1, 0x7F, 0x80, 0xFF];
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = [.. good];
            int all = size(bytes);
            for (int i = random.Next(1, 9), at = start + random.Next(8, all); i > 0; i--, at = Math.Min(at + 1, start + all - 1))
            {
                bytes[at] = random.Next(2) == 0 ? (byte)random.Next(256) : interesting[random.Next(interesting.Length)];
            }

            all = size(bytes) is var said && said > 8 && start + (long)said <= bytes.Length ? said : all;
            BinaryPrimitives.WriteUInt64LittleEndian(
                bytes.AsSpan(start), XxHash3.HashToUInt64(bytes.AsSpan(start + 8, all - 8)));
            File.WriteAllBytes(path, bytes);
            try
            {
                IReadOnlyList<Finding> findings = DamageScene.Verify(store);
                Assert.DoesNotContain(findings, static each => each.Message.Length == 0);
            }
            catch (SafeStoreException)
            {
                // Told with the file's name.
            }
            catch (Exception failure)
            {
                Assert.Fail($"seed {seed}, round {round}: {failure}");
            }
            finally
            {
                File.WriteAllBytes(path, good);
            }
        }
    }
}
