using System;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;

namespace SafeStore.PropertyTests.Differential;

/// <summary>Generates calls with few names, so that they meet, and odd ones now and then.</summary>
internal static class Calls
{
    private static readonly string[] s_names = ["a", "b", "c", "d"];
    private static readonly string[] s_odd =
        ["", ".", "..", "a/b", "/a", "a/", "é", "a\0b", "x\ud800", "\ud800", "b\udcff", "\udcc3\udca9", "\udcff\ud800",
            new string('\udcfe', 256), new('n', 255), new('n', 256), new('ü', 128), new('p', 5000), new string('p', 4095) + "\ud800"];

    // None leads up or away: what is opened through a link stays inside the test's directory.
    private static readonly string[] s_targets = ["a", "b", "a/b", "./c", "nowhere", "d/", "b/../a"];
    private static readonly string[] s_attributes =
        ["user.a", "user.b", "user.", "nobody.a", "", "user.\0", "user.\ud800", "user." + new string('n', 250),
        "user." + new string('n', 251)];

    public static Gen<Call[]> Scripts { get; } = Any.ArrayOf(5, 60);

    private static Gen<string> Name => Gen.Frequency((24, Gen.Elements(s_names)), (1, Gen.Elements(s_odd)));

    private static Gen<string> Path => Gen.Frequency(
        (10, Gen.Elements(s_names)),
        (8, Gen.Frequency((12, Gen.Elements(s_names)), (2, Gen.Elements(".", "..", "")), (1, Gen.Elements(s_odd))).ArrayOf(1, 4)
            .Zip(Gen.Elements("", "", "", "/"), static (components, end) => string.Join('/', components) + end)));

    /// <summary>What lies above and beside is not alike.</summary>
    private static Gen<string> PathInside =>
        Path.Where(static path => !path.StartsWith('/') && !path.Contains("..", StringComparison.Ordinal));

    private static Gen<int> Handle => Gen.Frequency((2, Gen.Constant(0)), (3, Gen.Choose(0, 30)));

    private static Gen<long> Offset => Gen.Frequency(
        (6, Gen.Choose(0, 100).Select(static value => (long)value)),
        (6, Gen.Choose(0, 12_000).Select(static value => (long)value)),
        (1, Gen.Elements(-1L, long.MinValue, 1L << 60, long.MaxValue, long.MaxValue - 5)));

    private static Gen<int> Length => Gen.Frequency((1, Gen.Constant(0)), (5, Gen.Choose(1, 100)), (2, Gen.Choose(4000, 9000)));

    private static Gen<Call> Any => Gen.Frequency(
        (2, OnPath(Verb.OpenRoot, Name)),
        (8, OnPath(Verb.OpenDirectory, Path)),
        (8, OnPath(Verb.MakeDirectory, Name)),
        (3, OnPath(Verb.List, Gen.Constant(""))),
        (5, OnPath(Verb.Stat, PathInside)),
        (2, OnPath(Verb.StatDirectory, Gen.Constant(""))),
        (4, OnPath(Verb.StatFile, Gen.Constant(""))),
        (10, OnPath(Verb.CreateFile, Name)),
        (10, OnPath(Verb.OpenFile, Path)),
        (5, OnBytes(Verb.Read)),
        (9, OnBytes(Verb.Write)),
        (3, OnBytes(Verb.Allocate)),
        (1, Gen.Elements(Verb.SyncFile, Verb.SyncData, Verb.SyncDirectory).SelectMany(static verb => OnPath(verb, Gen.Constant("")))),
        (9, OnNames(Verb.Rename)),
        (4, OnNames(Verb.RenameNoReplace)),
        (4, OnNames(Verb.Exchange)),
        (5, OnPath(Verb.Unlink, Name)),
        (5, OnPath(Verb.RemoveDirectory, Name)),
        (6, OnPath(Verb.TryLock, Gen.Constant(""))),
        (2, OnPath(Verb.Unlock, Gen.Constant(""))),
        (5, OnByte(Verb.TryLockByte)),
        (2, OnByte(Verb.UnlockByte)),
        (3, OnByte(Verb.TryLockDirectory)),
        (1, OnByte(Verb.UnlockDirectory)),
        (2, OnPath(Verb.MapWords, Gen.Constant(""))),
        (3, OnBytes(Verb.ReadWord)),
        (1, OnPath(Verb.EndWords, Gen.Constant(""))),
        (2, OnPath(Verb.GetAttribute, Gen.Elements(s_attributes))),
        (3, from call in OnPath(Verb.SetAttribute, Gen.Elements(s_attributes))
            from name in Name
            from length in Gen.Elements(0, 1, 100, 70_000)
            select call with { Other = name, Length = length }),
        (1, OnPath(Verb.GetDirectoryAttribute, Gen.Elements(s_attributes))),
        (1, OnPath(Verb.SetDirectoryAttribute, Gen.Elements(s_attributes))),
        (3, OnNames(Verb.CopyAttributes)),
        (4, OnPath(Verb.CloseFile, Gen.Constant(""))),
        (1, OnPath(Verb.CloseDirectory, Gen.Constant(""))),
        (2, from call in OnPath(Verb.PlantSymbolicLink, Gen.Elements(s_names))
            from target in Gen.Elements(
        s_targets)
            select call with { Other = target }),
        (1, OnNames(Verb.PlantLink)));

    private static Gen<Call> OnPath(Verb verb, Gen<string> path) =>
        from first in Handle
        from second in Handle
        from name in path
        from mode in Gen.Choose(0, 1)
        select new Call(verb, first, second, name, Position: mode);

    /// <summary>Few bytes, so that locks meet. The length is the mode.</summary>
    private static Gen<Call> OnByte(Verb verb) =>
        from first in Handle
        from position in Gen.Choose(0, 5)
        from length in Gen.Choose(0, 1)
        select new Call(verb, first, Position: position, Length: length);

    private static Gen<Call> OnNames(Verb verb) =>
        from first in Handle
        from second in Handle
        from name in Name
        from other in Name
        select new Call(verb, first, second, name, other);

    private static Gen<Call> OnBytes(Verb verb) =>
        from first in Handle
        from position in Offset
        from length in Length
        select new Call(verb, first, Position: position, Length: length);
}
