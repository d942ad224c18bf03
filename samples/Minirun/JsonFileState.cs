using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Minirun;

/// <summary>
/// The state as such daemons often keep it: a JSON file for each container, written beside and renamed. What a request is about to do is
/// known to its own cleanup, and to nothing else.
/// </summary>
internal sealed class JsonFileState(string directory, Undo undo) : IState
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new();

    public static Task<IState> OpenAsync(string directory, Undo undo)
    {
        Directory.CreateDirectory(directory);
        return Task.FromResult<IState>(new JsonFileState(directory, undo));
    }

    public IReadOnlyList<Container> List() => [.. Directory.GetFiles(directory, "*.json").Select(Read).OfType<Container>()];

    public Task<ITurn> LockNewAsync(string id) => LockAsync(id, isNew: true);

    public Task<ITurn> LockAsync(string id) => LockAsync(id, isNew: false);

    public Task UndoAllAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<ITurn> LockAsync(string id, bool isNew)
    {
        SemaphoreSlim turns = _turns.GetOrAdd(id, static _ => new SemaphoreSlim(1));
        await turns.WaitAsync();
        if (File.Exists(PathOf(id)) == isNew)
        {
            turns.Release();
            throw new MinirunException($"There is {(isNew ? "already a" : "no")} container '{id}'.");
        }

        return new Turn(this, PathOf(id), turns);
    }

    private Task UndoAsync(string effect, string target) => undo(effect, target);

    private string PathOf(string id) => Path.Join(directory, id + ".json");

    private static Container? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), Json.Default.Container);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private sealed class Turn(JsonFileState state, string path, SemaphoreSlim turns) : ITurn
    {
        private readonly Stack<(string Effect, string Target)> _intended = [];

        public Container Container => Read(path) ?? throw new MinirunException($"'{path}' is gone.");

        public Task IntendAsync(string effect, string target)
        {
            _intended.Push((effect, target));
            return Task.CompletedTask;
        }

        public async Task SaveAsync(Container container)
        {
            await File.WriteAllBytesAsync(path + ".tmp", JsonSerializer.SerializeToUtf8Bytes(container, Json.Default.Container));
            File.Move(path + ".tmp", path, overwrite: true);
            _intended.Clear();
        }

        public Task RemoveAsync()
        {
            File.Delete(path);
            return Task.CompletedTask;
        }

        public async Task UndoAsync()
        {
            while (_intended.TryPop(out (string Effect, string Target) last))
            {
                await state.UndoAsync(last.Effect, last.Target);
            }
        }

        public ValueTask DisposeAsync()
        {
            turns.Release();
            return ValueTask.CompletedTask;
        }
    }
}
