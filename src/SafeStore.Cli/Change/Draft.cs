using System;
using System.IO;
using System.Linq;
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
        try
        {
            _directory = Directory.CreateTempSubdirectory("safestore-edit-").FullName;
            Path = System.IO.Path.Join(_directory, name);
            File.WriteAllBytes(Path, _before);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"Could not write the file to edit below '{System.IO.Path.GetTempPath()}': {failure.Message} Set TMPDIR to another place.");
        }

        Content = _before;
    }

    public string Path { get; }

    /// <summary>What was saved, without a line end that the editor has put behind the last line.</summary>
    public ReadOnlyMemory<byte> Content { get; private set; }

    public bool IsChanged => !Content.Span.SequenceEqual(_before);

    public string KeptIn => IsChanged ? $"The edit is kept in '{Path}'." : $"What the editor has left is kept in '{_directory}'.";

    /// <summary>Lets it be edited until it can be a document, or is as it was.</summary>
    /// <exception cref="CommandException">The editor failed, or what was saved is no document; it is kept.</exception>
    public async Task EditAsync(Editor editor, int bytesMax, CancellationToken stop)
    {
        while (true)
        {
            await RunAsync(editor);
            if (!IsChanged || FindFault(bytesMax) is not { } fault)
            {
                return;
            }

            Keep();
            string wrong = $"What was saved cannot be a document: {fault}.";
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
        if (!_isKept && Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private string? FindFault(int bytesMax) =>
        Content.Length > bytesMax ? $"it is larger than the {bytesMax} bytes of --document-bytes"
        : JsonRules.FindFaultStrictly(Content.Span) is { } fault ? $"{fault.Reason} at byte {fault.Position}"
        : null;

    private async Task RunAsync(Editor editor)
    {
        Keep(); // an editor that fails may leave what it has in a file of its own
        int code = await editor.RunAsync(Path);
        byte[] saved = await ReadAsync();
        bool isEnded = saved is [.., (byte)'\n'] && _before is not [.., (byte)'\n'];
        Content = isEnded ? saved.AsMemory()[..^1] : saved;
        _isKept = code != 0 && (IsChanged || HasMore());
        if (code != 0)
        {
            throw new CommandException(
                $"The editor '{editor.Command}' ended with code {code}. Nothing was written.{(_isKept ? $" {KeptIn}" : "")}");
        }
    }

    private async Task<byte[]> ReadAsync()
    {
        try
        {
            return await File.ReadAllBytesAsync(Path, CancellationToken.None);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            _isKept = HasMore();
            throw new CommandException($"The editor has removed the file. Nothing was written.{(_isKept ? $" {KeptIn}" : "")}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"Could not read what was saved: {failure.Message} Nothing was written. {KeptIn}");
        }
    }

    /// <summary>Whether the editor has left other files, which may have the edit: vim's swap file, for instance.</summary>
    private bool HasMore() =>
        Directory.Exists(_directory) && Directory.EnumerateFileSystemEntries(_directory).Any(each => each != Path);

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
