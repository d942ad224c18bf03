using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests.FileSystem;

/// <summary>A limit on the size of files holds for a whole process: the test runs itself again in one of its own.</summary>
public sealed partial class PosixLimitTests
{
    private const string Inner = "SAFESTORE_TEST_INNER";
    private const int RLIMIT_FSIZE = 1;
    private const long Limit = 64 * 1024;

    [Fact]
    public void Past_the_limit_of_a_files_size_a_call_fails_and_the_process_goes_on()
    {
        if (Environment.GetEnvironmentVariable(Inner) is null)
        {
            RunAgain(nameof(Past_the_limit_of_a_files_size_a_call_fails_and_the_process_goes_on));
            return;
        }

        using var temp = new TempDirectory();
        var fileSystem = new PosixFileSystem();
        Assert.Equal(Errno.None, fileSystem.OpenRoot(temp.Path, out DirectoryHandle? root));
        using (root)
        {
            Assert.Equal(
                Errno.None, fileSystem.CreateFile(root!, "a", UnixFileMode.UserRead | UnixFileMode.UserWrite, out FileHandle? file));
            using (file)
            {
                var limit = new ResourceLimit { Soft = Limit, Hard = Limit };
                Assert.Equal(0, setrlimit(RLIMIT_FSIZE, in limit));
                Assert.Equal(Errno.None, fileSystem.Write(file!, new byte[100], Limit - 40, out int count));
                Assert.Equal(40, count);
                Assert.Equal(Errno.FileTooLarge, fileSystem.Write(file!, new byte[100], Limit, out _));
                Assert.Equal(Errno.FileTooLarge, fileSystem.Allocate(file!, Limit + 1));
                Assert.Equal(
                    Errno.FileTooLarge,
                    fileSystem.CreateFile(
                    root!, "b", UnixFileMode.UserRead | UnixFileMode.UserWrite, new byte[Limit + 1], out bool isCreated));
                Assert.True(isCreated);
            }
        }
    }

    private static void RunAgain(string method)
    {
        string assembly = typeof(PosixLimitTests).Assembly.Location;
        string program = Environment.ProcessPath!;
        string[] arguments = ["-method", $"{typeof(PosixLimitTests).FullName}.{method}"];
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        var start = new ProcessStartInfo(program, isHost ? ["exec", assembly, .. arguments] : arguments) { RedirectStandardOutput = true };
        start.Environment[Inner] = "1";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // otherwise the runtime has a large file in memory
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0
            && output.Contains("Total: 1", StringComparison.Ordinal), $"ended with {process.ExitCode}: {output}");
    }

    [LibraryImport("libc")]
    private static partial int setrlimit(int resource, in ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        internal long Soft;
        internal long Hard;
    }
}
