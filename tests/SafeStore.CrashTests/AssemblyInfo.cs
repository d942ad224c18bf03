using System.Runtime.Versioning;

// Real processes and a real kernel: Linux, and root for the mounts.
[assembly: SupportedOSPlatform("linux")]
