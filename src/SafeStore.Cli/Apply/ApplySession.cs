using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Cli.Apply;

/// <summary>
/// Commits the lines of a stream. Lines of the same sandbox keep their order; with a parallelism above one, lines of different
/// sandboxes run at once and each is answered as soon as it is acknowledged, whatever came before it.
/// </summary>
internal sealed class ApplySession : IDisposable
{
    private readonly IApplyTarget _target;
    private readonly LineReader _reader;
    private readonly AnswerWriter _answers;
    private readonly Ending _ending;
    private readonly int _readAhead;
    private readonly SemaphoreSlim _slots;
    private readonly SemaphoreSlim _running;

    // The last line of each sandbox: what comes next for it waits for that. Only the reading loop uses it.
    private readonly Dictionary<string, Task> _lastOf = new(StringComparer.Ordinal);

    private readonly bool _isFailFast;
    private volatile bool _hasRefused;
    private readonly List<Lsn> _untold = []; // under its own lock
    private IOException? _outputFailure;

    /// <param name="target">What the lines are committed to.</param>
    /// <param name="reader">The lines.</param>
    /// <param name="answers">Where they are answered.</param>
    /// <param name="ending">Why it ends early.</param>
    /// <param name="parallel">How many lines run at once.</param>
    /// <param name="isFailFast">Whether the first line that is refused is the last one.</param>
    public ApplySession(IApplyTarget target, LineReader reader, AnswerWriter answers, Ending ending, int parallel, bool isFailFast)
    {
        (_target, _reader, _answers, _ending, _isFailFast) = (target, reader, answers, ending, isFailFast);

        // A line that waits for one of its sandboxes takes a slot too; a few more than can run keep the others busy.
        _readAhead = parallel == 1 ? 1 : 4 * parallel;
        _slots = new SemaphoreSlim(_readAhead);
        _running = new SemaphoreSlim(parallel);
    }

    /// <summary>Runs until the end of the stream or until there is a reason to end; on return nothing is under way.</summary>
    /// <returns>Whether every line was accepted.</returns>
    /// <exception cref="IOException">An answer could not be written.</exception>
    public async Task<bool> RunAsync()
    {
        try
        {
            while (true)
            {
                await _slots.WaitAsync(_ending.Token);
                if (await NextAsync() is not { } line)
                {
                    break;
                }

                Start(line);
            }
        }
        catch (OperationCanceledException) when (_ending.Code != 0)
        {
        }

        await Task.WhenAll(_lastOf.Values);
        return _outputFailure is { } failure ? throw failure : !_hasRefused;
    }

    public void Dispose()
    {
        _slots.Dispose();
        _running.Dispose();
    }

    private async ValueTask<InputLine?> NextAsync()
    {
        InputLine? line;
        do
        {
            line = await _reader.ReadAsync(_ending.Token);
        }
        while (line is { IsBlank: true });
        return line;
    }

    private void Start(InputLine line)
    {
        TransactionRequest? request = null;
        Answer? refusal = null;
        try
        {
            request = line.IsTooLong
                ? throw new BadRequestException("The line is too long; split it, or use documents that are smaller.")
                : TransactionParser.Parse(line.Bytes);
        }
        catch (BadRequestException failure)
        {
            refusal = Answer.Of(failure);
        }

        string[] keys = request is null ? [string.Empty] : [.. request.Sandboxes.Select(static sandbox => sandbox.Sandbox)];
        Task[] before = request is null ? [] : [.. keys.Select(key => _lastOf.GetValueOrDefault(key, Task.CompletedTask))];
        Task task = request is null ? AnswerAsync(line.Number, refusal!) : CommitInTurnAsync(line.Number, request, Task.WhenAll(before));
        Remember(keys, task);
    }

    /// <summary>Forgets the lines that are done: the number of sandboxes in a stream has no limit.</summary>
    private void Remember(string[] keys, Task task)
    {
        if (_lastOf.Count > 4 * _readAhead)
        {
            foreach (string done in _lastOf.Where(static pair => pair.Value.IsCompletedSuccessfully).Select(static pair => pair.Key)
                .ToArray())
            {
                _lastOf.Remove(done);
            }
        }

        foreach (string key in keys)
        {
            // Refusals have no sandbox and share one key; each of them must be waited for at the end.
            _lastOf[key] = key.Length == 0 && _lastOf.TryGetValue(key, out Task? other) ? Task.WhenAll(other, task) : task;
        }
    }

    private async Task CommitInTurnAsync(long number, TransactionRequest request, Task before)
    {
        await before;
        await _running.WaitAsync();
        Answer answer;
        try
        {
            answer = await TryCommitAsync(request);
        }
        finally
        {
            _running.Release();
        }

        await AnswerAsync(number, answer);
    }

    private async Task<Answer> TryCommitAsync(TransactionRequest request)
    {
        try
        {
            _ending.Token.ThrowIfCancellationRequested();
            return await _target.CommitAsync(request, _ending.Token);
        }
        catch (Exception failure)
        {
            if (failure is StoreFaultedException)
            {
                _ending.Because(ExitCode.Faulted);
            }

            return Answer.Of(failure);
        }
    }

    private async Task AnswerAsync(long number, Answer answer)
    {
        try
        {
            _hasRefused |= answer.Error is not null;
            await _answers.WriteAsync(number, answer);
        }
        catch (IOException failure)
        {
            // No reader hears of what is committed from here on: so nothing more is.
            _outputFailure ??= failure;
            if (answer.Lsn is { } lsn)
            {
                lock (_untold)
                {
                    _untold.Add(lsn);
                    _ending.Change = $"Committed and not told: LSN {string.Join(", ", _untold)}.";
                }
            }

            _ending.Because(Tool.IsBrokenPipe(failure) ? ExitCode.BrokenPipe : ExitCode.Failed);
        }
        finally
        {
            if (_isFailFast && _hasRefused)
            {
                _ending.Because(ExitCode.Findings);
            }

            _slots.Release();
        }
    }
}
