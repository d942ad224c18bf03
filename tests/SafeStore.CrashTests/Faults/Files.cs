using System.IO;

namespace SafeStore.CrashTests.Faults;

/// <summary>What another program does to files.</summary>
internal static class Files
{
    public static string Read(string path) => File.ReadAllText(path);

    public static byte[] Bytes(string path) => File.ReadAllBytes(path);

    public static void Write(string path, string content) => File.WriteAllText(path, content);

    public static void Write(string path, byte[] content) => File.WriteAllBytes(path, content);
}
