using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Xunit;

[assembly: SupportedOSPlatform("linux")]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.System32)]

namespace SafeStore.Tests.FileSystem;

internal static partial class Native
{
    internal static void MakePipe(string path) => Assert.Equal(0, MakeFifo(path, 0x180));

    [LibraryImport("libc", EntryPoint = "umask")]
    internal static partial uint SetUmask(uint mask);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}
