using System.Runtime.Versioning;

// The files, locks and modes that these tests look at are Linux's.
[assembly: SupportedOSPlatform("linux")]
