using System;
using System.Collections.Immutable;
using SafeStore.Roots;

namespace SafeStore.Log;

/// <summary>
/// The watermarks of both roots, and the order in which they are written: the run root's before the config root's, so that no crash leaves
/// a lower one in the run root; and a new life first as pending in the run root, so that lives which differ are a crash only where the run
/// root knows the other one.
/// </summary>
internal sealed class Watermarks(RootSet roots)
{
    public Watermark Config { get; } = new(roots.FileSystem, roots.Config.Metadata);

    public Watermark Run { get; } = new(roots.FileSystem, roots.Run.Metadata);

    /// <summary>Advances both to what the caller has made durable, or parked; durable on return.</summary>
    public void Advance(Lsn lsn, ImmutableArray<ParkedEntry> parked)
    {
        Advance(Run, lsn, []);
        Advance(Config, lsn, parked);
    }

    /// <summary>Announces a new life. A crash from here on, until it has begun, leaves the run root with both lives.</summary>
    /// <param name="end">The end of the log, all of which is durable in the documents.</param>
    public LifeId Announce(Lsn end)
    {
        Config.Harden();
        Run.Harden();
        LifeId old = Config.Read()?.Life ?? default;
        Span<byte> random = stackalloc byte[16];
        roots.FileSystem.FillRandom(random);
        var life = new LifeId(old.Number + 1, new Guid(random));
        Run.Restore(new WatermarkState(end, old, life, []), roots.Run.FilePermissions);
        return life;
    }

    /// <summary>Begins the life that was announced.</summary>
    /// <param name="life">The life.</param>
    /// <param name="last">
    /// The end of the log, or where the LSNs that a lost root made recovery skip end: the newest segment's header has it until its first
    /// record needs a longer segment, the files for good.
    /// </param>
    public void Begin(LifeId life, Lsn last)
    {
        Advance(Run, last, []);
        Config.Restore(new WatermarkState(last, life, null, Config.Read()?.Parked ?? []), roots.Config.FilePermissions);
        Run.Write(new WatermarkState(last, life, null, []));
    }

    private static void Advance(Watermark watermark, Lsn lsn, ImmutableArray<ParkedEntry> parked)
    {
        if (watermark.Read() is { } state && state with { Lsn = Lsn.Max(lsn, state.Lsn), Parked = parked } is var next && next != state)
        {
            watermark.Write(next);
        }
    }
}
