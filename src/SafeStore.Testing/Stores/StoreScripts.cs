using System.Collections.Immutable;
using System.Linq;

namespace SafeStore.Testing.Stores;

/// <summary>Random workloads with few names, so that they collide.</summary>
internal sealed class StoreScripts(ulong seed)
{
    private static readonly ImmutableArray<string> s_sandboxes = ["p", "q", "r"];
    private static readonly ImmutableArray<string> s_containers = ["a", "b"];
    private static readonly ImmutableArray<string> s_files = ["state.json", "config.json"];

    private readonly Randomness _random = new(seed);

    public ImmutableArray<StoreStep> Next(int count) => [.. Enumerable.Range(0, count).Select(_ => Step())];

    private StoreStep Step() => _random.Next(20) switch
    {
        0 => new StoreStep.Checkpoint(),
        1 => new StoreStep.Reopen(),
        2 => new StoreStep.Kill(),
        3 or 4 => new StoreStep.Tick(),
        5 => new StoreStep.Commit([.. s_sandboxes.Take(2).Select(Edits)]),
        6 => new StoreStep.Refused(new StoreStep.Commit([.. s_sandboxes.Skip(1).Select(Edits)])),
        7 or 8 => new StoreStep.Refused(Commit()),
        _ => Commit(),
    };

    private StoreStep.Commit Commit() => new([Edits(s_sandboxes[_random.Next(s_sandboxes.Length)])]);

    private SandboxEdit Edits(string sandbox) => new(sandbox, [.. Enumerable.Range(0, 1 + _random.Next(4)).Select(_ => Next())]);

    private Edit Next() => _random.Next(16) switch
    {
        0 => new Edit.RemoveSandbox(),
        1 or 2 => new Edit.RemoveContainer(Container()),
        3 or 4 or 5 => new Edit.CreateContainer(Container()),
        6 or 7 => new Edit.Delete(Root(), ContainerOrNone(), File()),
        _ => new Edit.Put(Root(), ContainerOrNone(), File(), _random.Next(100), _random.Next(6) == 0 ? _random.Next(5000) : 0),
    };

    private StoreRoot Root() => _random.Next(2) == 0 ? StoreRoot.Config : StoreRoot.Run;

    private string Container() => s_containers[_random.Next(s_containers.Length)];

    private string? ContainerOrNone() => _random.Next(2) == 0 ? null : Container();

    private string File() => s_files[_random.Next(s_files.Length)];
}
