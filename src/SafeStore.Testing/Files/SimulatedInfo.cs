using System;
using System.IO;
using System.IO.Abstractions;
using SafeStore.FileSystem;

namespace SafeStore.Testing.Files;

/// <summary>
/// What FileInfo and DirectoryInfo share: what is known of the path is asked once, and again after a refresh or a change.
/// </summary>
internal abstract class SimulatedInfo(SimulatedFiles files, string originalPath, string fullPath) : IFileSystemInfo
{
    private PathState? _state;
    private (bool IsKnown, string? Target) _link;

    public IFileSystem FileSystem => files;

    public abstract bool Exists { get; }

    public abstract string Name { get; }

    public string FullName => FullPath;

    public string Extension => LinuxPath.GetExtension(FullPath) is { Length: > 0 } extension ? extension : Dot();

    public FileAttributes Attributes
    {
        get => Checked().Attributes(Name);
        set
        {
            PathState.SetAttributes(files, FullPath, value);
            Forget();
        }
    }

    public DateTime CreationTime
    {
        get => CreationTimeUtc.ToLocalTime();
        set => CreationTimeUtc = value.ToUniversalTime();
    }

    public DateTime CreationTimeUtc
    {
        get => Checked().Created(files.Calls.Now).UtcDateTime;
        set => LastWriteTimeUtc = value;
    }

    public DateTime LastAccessTime
    {
        get => LastAccessTimeUtc.ToLocalTime();
        set => LastAccessTimeUtc = value.ToUniversalTime();
    }

    public DateTime LastAccessTimeUtc
    {
        get => Checked().Accessed.UtcDateTime;
        set
        {
            PathState.SetTimes(files, FullPath, PathState.Utc(value), written: null);
            Forget();
        }
    }

    public DateTime LastWriteTime
    {
        get => LastWriteTimeUtc.ToLocalTime();
        set => LastWriteTimeUtc = value.ToUniversalTime();
    }

    public DateTime LastWriteTimeUtc
    {
        get => Checked().Written.UtcDateTime;
        set
        {
            PathState.SetTimes(files, FullPath, accessed: null, PathState.Utc(value));
            Forget();
        }
    }

    public string? LinkTarget
    {
        get
        {
            if (!_link.IsKnown)
            {
                _link = (true, files.Links.Target(FullPath));
            }

            return _link.Target;
        }
    }

    public UnixFileMode UnixFileMode
    {
        get => Checked().ModeOrMissing;
        set
        {
            PathState.SetMode(files, FullPath, value);
            Forget();
        }
    }

    protected string OriginalPath { get; set; } = originalPath;

    protected string FullPath { get; set; } = fullPath;

    protected SimulatedFiles Files => files;

    /// <summary>What is known, even if that is an error.</summary>
    protected PathState State => _state ??= PathState.Of(files.Calls, FullPath);

    public void CreateAsSymbolicLink(string pathToTarget)
    {
        files.Links.Create(FullPath, pathToTarget);
        Forget();
    }

    public abstract void Delete();

    public void Refresh()
    {
        _link = default;
        _state = PathState.Of(files.Calls, FullPath);
    }

    public IFileSystemInfo? ResolveLinkTarget(bool returnFinalTarget)
    {
        bool isDirectory = this is SimulatedDirectoryInfo;
        return files.Links.Resolve(FullPath, returnFinalTarget, isDirectory) is not { } target ? null
            : isDirectory ? files.DirectoryInfo.New(target)
            : files.FileInfo.New(target);
    }

    public override string ToString() => OriginalPath;

    /// <summary>What is known; an error that was met is thrown, and asked for again the next time.</summary>
    protected PathState Checked()
    {
        PathState state = State;
        if (state.Failure != SafeStore.FileSystem.Errno.None)
        {
            _state = null;
            state.ThrowIfFailed(FullPath);
        }

        return state;
    }

    protected void Forget()
    {
        _link = default;
        _state = null;
    }

    /// <summary>A name that ends in a dot has the dot as its extension here, unlike in Path.</summary>
    private string Dot() => FullPath.EndsWith('.') ? "." : "";
}
