using System.Collections.Generic;

namespace SafeStore.Cli.Demo;

/// <summary>What the demo has seen.</summary>
internal sealed class DemoResult
{
    private const int FindingsMax = 10;

    private readonly List<string> _findings = [];

    public int Kills { get; set; }

    public int Recoveries { get; set; }

    public int Checks { get; set; }

    public long RolledForward { get; set; }

    public long RolledBack { get; set; }

    public int TornCount { get; private set; }

    public int LostCount { get; private set; }

    public int StrayCount { get; private set; }

    public bool IsClean => TornCount + LostCount + StrayCount == 0;

    /// <summary>The first few things that were wrong, in words.</summary>
    public IReadOnlyList<string> Findings => _findings;

    public void Torn(string what)
    {
        TornCount++;
        Note($"torn: {what}");
    }

    public void Lost(string what)
    {
        LostCount++;
        Note($"lost: {what}");
    }

    public void Stray(string path)
    {
        StrayCount++;
        Note($"left over: {path}");
    }

    private void Note(string finding)
    {
        if (_findings.Count < FindingsMax)
        {
            _findings.Add(finding);
        }
    }
}
