using System;
using System.Globalization;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace SafeStore.FileSystem;

/// <summary>
/// What the kernel tells of an ext4 filesystem (Documentation/ABI/testing/sysfs-fs-ext4). Its files stay open, so that it can be asked
/// again when the process has no file handle left.
/// </summary>
internal sealed class Ext4Report : IDisposable
{
    private readonly SafeFileHandle _errors;
    private readonly SafeFileHandle _messages;

    private Ext4Report(SafeFileHandle errors, SafeFileHandle messages) => (_errors, _messages) = (errors, messages);

    /// <summary>The report of the filesystem on a device; null if the kernel gives none.</summary>
    public static Ext4Report? TryOpen(ulong device) => NameOf(device) is { Length: > 0 } name ? TryOpen($"/sys/fs/ext4/{name}") : null;

    /// <summary>
    /// Whether a filesystem with ext4's magic number has a journal. ext2 has none; its own driver does not appear among those of ext4.
    /// True if the kernel does not tell.
    /// </summary>
    public static bool HasJournal(ulong device)
    {
        if (MountInfo.KindOf(PseudoFile.Read("/proc/self/mountinfo"), device) == "ext2")
        {
            return false;
        }

        return NameOf(device) is not { Length: > 0 } name || PseudoFile.Read($"/sys/fs/ext4/{name}/journal_task").Trim() != "<none>";
    }

    /// <summary>The report in a directory.</summary>
    public static Ext4Report? TryOpen(string path)
    {
        SafeFileHandle? errors = TryOpenFile(path, "errors_count");
        SafeFileHandle? messages = errors is null ? null : TryOpenFile(path, "msg_count");
        if (messages is null)
        {
            errors?.Dispose();
            return null;
        }

        return new Ext4Report(errors!, messages);
    }

    /// <summary>
    /// How many errors the filesystem has counted since its last check, and how many messages it has written since it was mounted: an error
    /// may be counted somewhat later, by the journal. Null if that cannot be read.
    /// </summary>
    public (long Errors, long Messages)? Read() =>
        Read(_errors) is { } errors && Read(_messages) is { } messages ? (errors, messages) : null;

    public void Dispose()
    {
        _errors.Dispose();
        _messages.Dispose();
    }

    private static string NameOf(ulong device) => PseudoFile.LinkTarget($"/sys/dev/block/{PosixStatus.NumbersOf(device)}");

    private static SafeFileHandle? TryOpenFile(string path, string name)
    {
        try
        {
            return File.OpenHandle(Path.Combine(path, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long? Read(SafeFileHandle file)
    {
        Span<byte> text = stackalloc byte[32];
        try
        {
            text = text[..RandomAccess.Read(file, text, 0)];
            return long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long count) ? count : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
