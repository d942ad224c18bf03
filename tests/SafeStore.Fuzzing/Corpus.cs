using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.IO.Hashing;
using System.Linq;

namespace SafeStore.Fuzzing;

/// <summary>A directory of inputs, one below it for each target; they are compressed, since most of a log is zeros.</summary>
/// <param name="directory">Its path.</param>
public sealed class Corpus(string directory)
{
    /// <summary>The inputs of a target, in the order of their names.</summary>
    /// <param name="target">The target.</param>
    public IEnumerable<(string Name, byte[] Input)> Read(IFuzzTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        string path = Path.Combine(directory, target.Name);
        return !Directory.Exists(path) ? []
            : Directory.EnumerateFiles(path, "*.br").Order(StringComparer.Ordinal)
                .Select(static file => (Path.GetFileName(file), Load(file)));
    }

    /// <summary>Keeps an input.</summary>
    /// <param name="target">The target.</param>
    /// <param name="input">The input.</param>
    /// <returns>Its path.</returns>
    public string Write(IFuzzTarget target, byte[] input)
    {
        ArgumentNullException.ThrowIfNull(target);
        string path = Path.Combine(directory, target.Name, $"{Convert.ToHexStringLower(XxHash3.Hash(input))}.br");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = File.Create(path);
        using var packed = new BrotliStream(file, CompressionLevel.SmallestSize);
        packed.Write(input);
        return path;
    }

    private static byte[] Load(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var unpacked = new BrotliStream(file, CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        unpacked.CopyTo(bytes);
        return bytes.ToArray();
    }
}
