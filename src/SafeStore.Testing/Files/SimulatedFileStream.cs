using System.IO.Abstractions;

namespace SafeStore.Testing.Files;

/// <summary>An open file as System.IO.Abstractions hands it out: Flush(true) is fsync(2).</summary>
internal sealed class SimulatedFileStream(SimulatedStream stream) : FileSystemStream(stream, stream.Path, stream.IsAsync)
{
    public override void Flush(bool flushToDisk) => stream.Flush(flushToDisk);
}
