using System.Runtime.Versioning;

// The simulation stands for Linux, and is compared with it.
[assembly: SupportedOSPlatform("linux")]
