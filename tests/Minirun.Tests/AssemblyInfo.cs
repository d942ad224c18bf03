using System.Runtime.Versioning;

// Namespaces, mounts and cgroups: Linux, and root.
[assembly: SupportedOSPlatform("linux")]
