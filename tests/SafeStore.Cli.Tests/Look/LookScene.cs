using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.IO.Hashing;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Cli.Apply;
using SafeStore.FileSystem;
using SafeStore.Operations;
using Xunit;

namespace SafeStore.Cli.Tests.Look;

/// <summary>A store with two sandboxes, for the commands that look, and what may have become of it.</summary>
public sealed class LookScene : IDisposable
{
    private const string Two = """{"sandbox":"sb-2","ops":[{"createSandbox":true},{"createContainer":"web"},"""
        + """{"put":"config.json","root":"config","container":"web","value":{"a/b":[10,{"~":"x"}]}},"""
        + """{"put":"state.json","value":{"n": 1}}]}""";

    private readonly StoreFixture _fixture = new();

    /// <summary>The documents that name a store's format.</summary>
    public static IReadOnlyList<string> FormatFiles { get; } =
        ["config/.safestore/store.json", "config/.safestore/root.json", "run/.safestore/root.json"];

    public string Store => _fixture.Store;

    public string Metadata => Path.Combine(Store, "config/.safestore");

    public void Dispose() => _fixture.Dispose();

    /// <summary>What makes a command another user's: <see cref="RunBehindAsync"/>.</summary>
    public static IReadOnlyList<string> OtherUser => ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

    public string PathOf(string path) => Path.Combine(Store, path);

    public Task SeedAsync() => ApplyAsync(StoreFixture.CreateSandbox, Two);

    /// <summary>As the command <c>apply</c> does it, in this process.</summary>
    public async Task ApplyAsync(params string[] lines)
    {
        await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(Store));
        var target = new StoreTarget(store);
        foreach (string line in lines)
        {
            await target.CommitAsync(TransactionParser.Parse(Encoding.UTF8.GetBytes(line)), TestContext.Current.CancellationToken);
        }
    }

    public IReadOnlyList<string> ListSandboxes()
    {
        using var view = StoreView.Open(StoreLayout.At(Store));
        return view.ListSandboxes();
    }

    public Task<ToolResult> RunAsync(string command, params string[] arguments) =>
        ToolProcess.RunAsync([.. command.Split(' '), "--store", Store, .. arguments]);

    /// <summary>The same, with the output as it is: it may have no line end.</summary>
    public async Task<(string Output, ToolResult Result)> RunTextAsync(string command)
    {
        using ToolProcess tool = ToolProcess.Start([.. command.Split(' '), "--store", Store]);
        tool.Input.Close();
        string output = await tool.Output.ReadToEndAsync(TestContext.Current.CancellationToken);
        int code = await tool.WaitAsync();
        return (output, new ToolResult(code, output.Split('\n'), await tool.Errors));
    }

    /// <summary>The same behind another program, setpriv for instance, that becomes the tool.</summary>
    public async Task<ToolResult> RunBehindAsync(IReadOnlyList<string> behind, string command, string input = "")
    {
        var start = new ProcessStartInfo(behind[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] rest = [.. BuiltTool.Command, .. command.Split(' '), "--store", Store];
        Array.ForEach([.. behind.Skip(1), .. rest], start.ArgumentList.Add);
        using Process process = Process.Start(start)!;
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want to hear all of it.
        }

        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new ToolResult(process.ExitCode, [.. output.Split('\n').SkipLast(1)], await errors);
    }

    /// <summary>Runs a script in the store's directory, and gives what it prints.</summary>
    public async Task<string> ShellAsync(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-euc", script])
        {
            WorkingDirectory = Store,
            RedirectStandardOutput = true,
        })!;
        string output = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, shell.ExitCode);
        return output;
    }

    /// <summary>A process dies after this transaction was acknowledged, so that the log still has it.</summary>
    public async Task KillAfterAsync(string line)
    {
        using ToolProcess tool = ToolProcess.Start("apply", "--store", Store);
        await tool.SendAsync(line);
        _ = await tool.ReadLineAsync();
        tool.Process.Kill();
        _ = await tool.WaitAsync();
    }

    /// <summary>The last power loss took back what was published of sb-1.</summary>
    public async Task LeavePendingAsync()
    {
        await SeedAsync();
        await KillAfterAsync("""{"sandbox":"sb-1","ops":[{"put":"state.json","value":{"n":7}}]}""");
        await EditAsync("run/sb-1/state.json", """{"n":0}""");
    }

    /// <summary>Writes a file as another program does: later than any stamp, which a tick of the kernel's clock would not tell.</summary>
    public async Task EditAsync(string path, string text)
    {
        await File.WriteAllTextAsync(PathOf(path), text);
        File.SetLastWriteTimeUtc(PathOf(path), DateTime.UtcNow.AddSeconds(1));
    }

    /// <summary>A directory is in the place of a document that recovery is to write.</summary>
    public async Task ParkAsync()
    {
        await LeavePendingAsync();
        File.Delete(PathOf("run/sb-1/state.json"));
        _ = Directory.CreateDirectory(PathOf("run/sb-1/state.json/in-the-way"));
        await ApplyAsync();
    }

    public async Task DamageLogAsync()
    {
        await SeedAsync();
        string segment = Directory.EnumerateFiles(Path.Combine(Metadata, "log"))
            .Single(static path => !Path.GetFileName(path).StartsWith("spare", StringComparison.Ordinal));
        byte[] bytes = await File.ReadAllBytesAsync(segment);
        bytes[0] ^= 0xFF;
        await File.WriteAllBytesAsync(segment, bytes);
    }

    /// <summary>The words of a store whose sync has failed (docs/file-format.md, "words").</summary>
    public async Task FaultAsync()
    {
        await SeedAsync();
        await using FileStream words = File.OpenWrite(PathOf("run/.safestore/words"));
        words.Write(BitConverter.GetBytes(0x4641554C54454421));
    }

    /// <summary>The lock word of a process that died between append and publish (docs/file-format.md, "Lock word").</summary>
    public async Task WriteCommittingAsync(string sandbox, long version)
    {
        byte[] word = new byte[40];
        BinaryPrimitives.WriteInt64LittleEndian(word.AsSpan(8), 0x3244524F574B434C);
        BinaryPrimitives.WriteInt64LittleEndian(word.AsSpan(16), version);
        BinaryPrimitives.WriteInt64LittleEndian(word.AsSpan(24), 2);
        BinaryPrimitives.WriteUInt64LittleEndian(word, XxHash3.HashToUInt64(word.AsSpan(8)));
        await File.WriteAllBytesAsync(PathOf($"run/{sandbox}/lock"), word);
    }

    /// <summary>In one of the documents that name it, or in all.</summary>
    public async Task SetFormatAsync(int format, string? only = null)
    {
        await SeedAsync();
        foreach (string path in only is not null ? [only] : FormatFiles)
        {
            string text = await File.ReadAllTextAsync(PathOf(path));
            await File.WriteAllTextAsync(PathOf(path), text.Replace("\"format\": 2", $"\"format\": {format}", StringComparison.Ordinal));
        }
    }

    /// <summary>Names, times and contents, metadata included.</summary>
    public IReadOnlyList<string> All() =>
    [
        .. new DirectoryInfo(Store).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .OrderBy(static entry => entry.FullName, StringComparer.Ordinal)
            .Select(static entry => $"{entry.FullName} {entry.LastWriteTimeUtc:O} "
                + (entry is FileInfo { Length: > 0 } file ? HashOf(file) : "")), // a pipe has none
    ];

    /// <summary>By the seam: the calls of .NET take a lock, and another process may hold it.</summary>
    private static string HashOf(FileInfo file)
    {
        IDurableFileSystem fs = new PosixFileSystem();
        Assert.Equal(Errno.None, fs.OpenRoot(file.DirectoryName!, out DirectoryHandle? directory));
        using (directory)
        {
            byte[] bytes = new byte[file.Length + 1];
            Assert.Equal(Errno.None, fs.ReadWhole(directory!, file.Name, bytes, out int count));
            return Convert.ToHexString(SHA256.HashData(bytes.AsSpan(0, count)));
        }
    }
}
