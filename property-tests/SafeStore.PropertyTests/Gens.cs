using System;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;

namespace SafeStore.PropertyTests;

/// <summary>Generators that several laws share.</summary>
internal static class Gens
{
    private const string First = "ABCXYZabcxyz0189";
    private const string Others = First + "_.-";

    public static Gen<byte> Byte { get; } = Gen.Choose(0, 255).Select(static value => (byte)value);

    public static Gen<long> Long { get; } =
        Gen.Choose(0, int.MaxValue).Zip(Gen.Choose(0, int.MaxValue), static (high, low) => ((long)high << 31) | (uint)low);

    public static Gen<string> Id { get; } =
        Gen.Frequency((8, Gen.Choose(1, 12)), (1, Gen.Choose(120, 128)))
            .SelectMany(static length => Gen.Elements(Others.ToCharArray()).ArrayOf(length - 1), static (_, rest) => new string(rest))
            .Zip(Gen.Elements(First.ToCharArray()), static (rest, first) => first + rest)
            .Where(static id => id != "lock");

    /// <summary>Bytes of a length, of all zeros now and then: zeros are what a log is made of.</summary>
    public static Gen<byte[]> Bytes(int min, int max) =>
        Gen.Choose(min, max).SelectMany(static length => Gen.Frequency((9, Byte.ArrayOf(length)), (1, Gen.Constant(new byte[length]))));

    public static Gen<T[]> ArrayOf<T>(this Gen<T> element, int min, int max) =>
        Gen.Choose(min, max).SelectMany(length => Gen.ArrayOf(element, length));

    public static string Show(ReadOnlySpan<byte> bytes) => bytes.Length <= 64
        ? Convert.ToHexStringLower(bytes)
        : $"{Convert.ToHexStringLower(bytes[..32])}...({bytes.Length} bytes)";

    public static string Lines<T>(T[] script) => string.Concat(script.Select(static step => $"\n  {step}"));
}
