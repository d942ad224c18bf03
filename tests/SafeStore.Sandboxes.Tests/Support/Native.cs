using System.Runtime.InteropServices;
using Xunit;

namespace SafeStore.Sandboxes.Tests.Support;

/// <summary>The umask belongs to the process: nothing else may create files while these tests run.</summary>
[CollectionDefinition(nameof(UmaskGroup), DisableParallelization = true)]
public sealed class UmaskGroup;

internal static partial class Native
{
    [LibraryImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    internal static partial uint SetUmask(uint mask);
}
