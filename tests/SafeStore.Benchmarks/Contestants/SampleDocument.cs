using System;
using System.Linq;
using System.Text;
using System.Text.Json.Serialization;

namespace SafeStore.Benchmarks.Contestants;

/// <summary>A document as a type.</summary>
internal sealed record Sample(string State, int Pid, string[] Mounts);

/// <summary>How it is read, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Sample))]
internal sealed partial class SampleJson : JsonSerializerContext;

/// <summary>Documents of exactly 1 KiB that do not compress well, made once: making them is not what is measured.</summary>
internal static class SampleDocument
{
    public const int Bytes = 1024;

    private static readonly byte[][] s_pool = [.. Enumerable.Range(0, 64).Select(MakeOne)];

    public static byte[] Make(int number) => s_pool[number & 63];

    private static byte[] MakeOne(int number)
    {
        var random = new Random(number);
        string mounts = string.Join(',', Enumerable.Range(0, 16).Select(_ => $"\"{Text(random, 54)}\""));
        string start = $"{{\"state\":\"running\",\"pid\":{10_000 + number},\"mounts\":[{mounts},\"";
        return Encoding.UTF8.GetBytes($"{start}{Text(random, Bytes - start.Length - 3)}\"]}}");
    }

    private static string Text(Random random, int length) =>
        random.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-", length);
}

/// <summary>What sandboxes and documents are called.</summary>
internal static class Names
{
    public static string Sandbox(int number) => $"sb-{number}";

    public static string Document(int number) => $"document-{number}.json";

    public static string Key(string sandbox, int document) => $"{sandbox}/{Document(document)}";
}
