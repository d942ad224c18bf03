using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Verify;

/// <summary>
/// Files of every kind are damaged in more than 2 000 ways: a verification finds each that changes what a reader gets, or that keeps the
/// store from being opened as it was, and it never throws. (What is not found costs an opening, so that files with much room have fewer
/// rounds.)
/// </summary>
public sealed class DamageTests(DamageScene scene, ITestOutputHelper output) : IClassFixture<DamageScene>
{
    private const int ManyRounds = 450;
    private const int SomeRounds = 150;

    [Fact]
    public Task Damage_of_a_document_is_found() => AssertFoundAsync(scene.Crashed, ManyRounds, isKept: false, Documents);

    /// <summary>The log has them no more: their stamps tell. (A document that is gone has none, so nothing tells of it.)</summary>
    [Fact]
    public async Task Damage_of_a_document_of_a_closed_store_is_found()
    {
        StampedFiles.SkipIfThereAreNone();
        await AssertFoundAsync(scene.Closed, ManyRounds, isKept: true, Documents);
    }

    [Fact]
    public void Damage_of_a_stamp_is_found()
    {
        StampedFiles.SkipIfThereAreNone();
        string path = Path.Combine(scene.Closed, "run/a/state.json");
        byte[] good = StampedFiles.StampOf(path);
        for (int bit = 0; bit < good.Length * 8; bit++)
        {
            byte[] stamp = [.. good];
            stamp[bit / 8] ^= (byte)(1 << (bit % 8));
            StampedFiles.SetStamp(path, stamp);

            Assert.Contains(DamageScene.Verify(scene.Closed), static each => each.Code is "damaged" or "edited" or "unstamped");
        }

        StampedFiles.SetStamp(path, good);
        Assert.Empty(DamageScene.Verify(scene.Closed));
    }

    [Fact]
    public Task Damage_of_a_lock_word_is_found() => AssertFoundAsync(
        scene.Crashed, 250, isKept: false, "run/a/lock", "run/b/lock", "run/c/lock");

    [Fact]
    public Task Damage_of_the_log_is_found() => AssertFoundAsync(scene.Crashed, SegmentsOf(scene.Crashed));

    [Fact]
    public Task Damage_of_an_empty_log_is_found() => AssertFoundAsync(scene.Closed, SegmentsOf(scene.Closed));

    [Fact]
    public Task Damage_of_a_watermark_is_found() => AssertFoundAsync(
        scene.Crashed, "config/.safestore/watermark.0", "config/.safestore/watermark.1", "run/.safestore/watermark.0",
        "run/.safestore/watermark.1");

    [Fact]
    public Task Damage_of_the_ids_is_found() => AssertFoundAsync(
        scene.Crashed, "config/.safestore/root.json", "run/.safestore/root.json", "config/.safestore/store.json");

    [Fact]
    public Task Damage_of_the_words_is_found() => AssertFoundAsync(
        scene.Crashed, 50, isKept: false, "run/.safestore/words");

    [Fact]
    public Task Damage_of_parked_records_is_found() => AssertFoundAsync(
        scene.Parked, "config/.safestore/parked/b", "config/.safestore/watermark.0", "config/.safestore/watermark.1");

    private static string[] Documents { get; } = ["run/a/state.json", "config/b/config.json", "run/b/web/state.json", "run/c/state.json"];

    private static string[] SegmentsOf(string store) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(store, "config/.safestore/log"), "0*.log").Order(StringComparer.Ordinal)
            .Select(path => Path.GetRelativePath(store, path)),
    ];

    private Task AssertFoundAsync(string store, params string[] files) => AssertFoundAsync(store, SomeRounds, isKept: false, files);

    private async Task AssertFoundAsync(string store, int rounds, bool isKept, params string[] files)
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[][] good = [.. files.Select(file => File.ReadAllBytes(Path.Combine(store, file)))];
        IReadOnlyList<Finding> before = DamageScene.Verify(store);
        (string opened, string documents) = (await scene.OpenedAsync(store), DamageScene.DocumentsOf(store));
        int found = 0;
        for (int round = 0; round < rounds; round++)
        {
            int index = random.Next(files.Length);
            int other = random.Next(files.Length);
            var damage = Damage.Of(random, good[index], good[other], isKept);
            string path = Path.Combine(store, files[index]);
            damage.Apply(path, scene.Aside);
            string? second = damage.IsSwap && other != index ? Path.Combine(store, files[other]) : null;
            if (second is not null)
            {
                Damage.Write(second, good[index]);
            }

            try
            {
                if (DamageScene.Verify(store).Except(before).Any())
                {
                    found++;
                }
                else
                {
                    string what = $"seed {seed}, round {round}: {files[index]} ({files[other]}): {damage.What}";
                    Assert.True(documents == DamageScene.DocumentsOf(store), $"{what}: readers get something else");
                    Assert.True(opened == await scene.OpenedAsync(store), $"{what}: an opening makes something else of it");
                }
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"seed {seed}, round {round}: {files[index]} ({files[other]}): {damage.What}: {failure}");
            }

            damage.Undo(path, scene.Aside, good[index]);
            if (second is not null)
            {
                Damage.Write(second, good[other]);
            }
        }

        output.WriteLine($"{found} of {rounds} found; the others change nothing");
        Assert.Equal(before, DamageScene.Verify(store));
    }
}
