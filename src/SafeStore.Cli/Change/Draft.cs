using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.Documents;

namespace SafeStore.Cli.Change;

/// <summary>A document in a file of its own while it is edited. The file goes at the end, unless it is to be kept.</summary>
internal sealed class Draft : IDisposable
{
    private readonly byte[] _before;
    private readonly string _directory; // of this user only
    private bool _isKept;

    public Draft(string name, ReadOnlyMemory<byte> content)
    {
        _before = content.ToArray();
        _directory = Directory.CreateTempSubdirectory("safestore-edit-").FullName;
        Path = System.IO.Path.Join(_directory, name);
        File.WriteAllBytes(Path, _before);
        Content = _before;
    }

    public string Path { get; }

    /// <summary>What was saved, without a line end that the editor has put behind the last line.</summary>
    public ReadOnlyMemory<byte> Content { get; private set; }

    public bool IsChanged => !Content.Span.SequenceEqual(_before);

    public string KeptIn => $"The edit is kept in '{Path}'.";

    /// <summary>Lets it be edited until it is JSON, or is as it was.</summary>
    /// <exception cref="CommandException">The editor failed, or what was saved is no document; it is kept.</exception>
    public async Task EditAsync(Editor editor, CancellationToken stop)
    {
        while (true)
        {
            await RunAsync(editor);
            if (!IsChanged || JsonRules.FindFaultStrictly(Content.Span) is not { } fault)
            {
                return;
            }

            Keep();
            string wrong = $"What was saved cannot be a document: {fault.Reason} at byte {fault.Position}.";
            if (stop.IsCancellationRequested || !IsWantedAgain(wrong))
            {
                throw new CommandException($"{wrong} Nothing was written. {KeptIn}");
            }
        }
    }

    public void Keep() => _isKept = true;

    public void Drop() => _isKept = false;

    public void Dispose()
    {
        if (!_isKept)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private async Task RunAsync(Editor editor)
    {
        int code = await editor.RunAsync(Path);
        if (!File.Exists(Path))
        {
            throw new CommandException("The editor has removed the file. Nothing was written.");
        }

        byte[] saved = await File.ReadAllBytesAsync(Path, CancellationToken.None);
        bool isEnded = saved is [.., (byte)'\n'] && _before is not [.., (byte)'\n'];
        Content = isEnded ? saved.AsMemory()[..^1] : saved;
        if (code != 0)
        {
            _isKept = IsChanged;
            throw new CommandException(
                $"The editor '{editor.Command}' ended with code {code}. Nothing was written.{(_isKept ? $" {KeptIn}" : "")}");
        }
    }

    /// <summary>Asks where there is a terminal to ask at.</summary>
    private static bool IsWantedAgain(string wrong)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            return false;
        }

        Console.Error.Write($"safestore: {wrong} Edit again? [Y/n] ");
        return Console.ReadLine()?.Trim() is { } answer && !answer.StartsWith('n') && !answer.StartsWith('N');
    }
}
