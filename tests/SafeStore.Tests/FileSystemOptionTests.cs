using System;
using SafeStore.FileSystem;
using Xunit;

namespace SafeStore.Tests;

public sealed class FileSystemOptionTests
{
    [Fact]
    public void Without_one_the_system_s_own_is_used_on_Linux()
    {
        Assert.Null(new StoreOptions().FileSystem);
        Assert.IsType<PosixFileSystem>(new StoreOptions().FileSystemInUse);
    }

    [Fact]
    public void On_another_system_the_error_names_what_to_use_there()
    {
        string message = StoreOptions.NoFileSystem().Message;

        Assert.Contains("SimulatedStore.OpenAsync()", message, StringComparison.Ordinal);
        Assert.Contains("StoreOptions.FileSystem", message, StringComparison.Ordinal);
    }
}
