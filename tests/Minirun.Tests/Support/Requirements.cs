using System;
using System.IO;
using Xunit;

namespace Minirun.Tests.Support;

/// <summary>What these tests need of the machine; tests/run.sh installs it.</summary>
internal static class Requirements
{
    public static void Check()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Namespaces, mounts and cgroups need root.");
        Assert.SkipUnless(
            File.Exists("/usr/sbin/runc") && File.Exists("/bin/busybox"), "runc, iproute2 and busybox-static are not installed.");
    }
}
