using System.Collections.Generic;

namespace SafeStore.Operations.Verify;

/// <summary>A kind of finding: its code, how much it matters, and what to do (docs/verify.md has the same).</summary>
internal sealed record FindingKind(string Code, FindingLevel Level, string Advice)
{
    public static readonly FindingKind Corrupt = Problem("corrupt", "Put a good value in its place or delete it.");
    public static readonly FindingKind Damaged =
        Problem("damaged", "Restore it from a backup; if it is good, 'safestore verify --accept --even-damaged' stamps it.");

    public static readonly FindingKind Edited =
        Problem("edited", "If that is wanted, 'safestore verify --accept' stamps it; else restore it.");
    public static readonly FindingKind TooLarge = Problem("too-large", "Raise the limit for documents, if it should be that large.");
    public static readonly FindingKind Unreadable = Problem("unreadable", "Look at the kernel's log, and at the rights.");
    public static readonly FindingKind SymbolicLink = Problem("symbolic-link", "Put what it should be in its place, or delete it.");
    public static readonly FindingKind SpecialFile = Problem("special-file", "Delete it, or keep it outside the store.");
    public static readonly FindingKind Stray = Problem("stray", "Move it out of the store, or delete it.");
    public static readonly FindingKind Mount = Problem("mount", "Unmount it: nothing below it can be changed.");
    public static readonly FindingKind HardLink =
        Problem("hard-link", "Copy stores without links (cp -a). 'safestore repair --separate' gives sandboxes lock files of their own.");

    public static readonly FindingKind Mode = Problem("mode", "'safestore repair --owner' sets its mode.");
    public static readonly FindingKind Owner = Problem("owner", "'safestore repair --owner' gives it to the root's owner.");
    public static readonly FindingKind LockWord = Problem("lock-word", "The next lock writes a good one.");
    public static readonly FindingKind LockAhead =
        Problem("lock-ahead", "Restore both roots from one backup, or run 'safestore repair --accept-loss'.");

    public static readonly FindingKind HalfLost =
        Problem("half-lost", "Restore the sandbox from a backup; an empty directory in its place ends this.");

    public static readonly FindingKind DocumentAhead =
        Note("document-ahead", "The roots may be of different times: compare the sandbox with a backup. Its next transaction ends this.");

    public static readonly FindingKind LockMissing = Note("lock-missing", "The next lock makes one.");
    public static readonly FindingKind LockEmpty = Note("lock-empty", "The next lock writes its word.");
    public static readonly FindingKind Unstamped = Note("unstamped", "Their next change stamps them, or 'safestore verify --accept'.");
    public static readonly FindingKind NoStamps =
        Note("no-stamps", "Damage that leaves JSON is not noticed. A filesystem with attributes of users (user_xattr) keeps stamps.");

    public static readonly FindingKind Foreign = Note("foreign", "SafeStore leaves it alone.");
    public static readonly FindingKind Metadata = Problem("metadata", "Restore it from a backup, or run 'safestore repair'.");
    public static readonly FindingKind StoreId = Problem("store-id", "Restore the metadata from one backup, or run 'safestore repair'.");
    public static readonly FindingKind Watermark =
        Problem("watermark", "An opening that may write makes it anew; if that is refused, run 'safestore repair'.");

    public static readonly FindingKind RootsDiffer =
        Problem("roots-differ", "Restore both roots from one backup, or run 'safestore repair --accept-roots'.");
    public static readonly FindingKind Words = Problem("words", "Let all processes close the store, and open it again.");
    public static readonly FindingKind Log =
        Problem("log-corrupt", "Restore both roots from one backup, or run 'safestore repair', which shows the log.");
    public static readonly FindingKind ParkedDamaged = Problem("parked-damaged", "Restore the file, or remove the sandbox.");
    public static readonly FindingKind Hidden = Note("hidden", "Verify as the store's owner or as root to have it looked at.");
    public static readonly FindingKind LeftBehind = Note("left-behind", "The next opening that may write removes it.");
    public static readonly FindingKind Overruled = Note("overruled", "Compare it with the document, then move it out of the metadata.");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FindingKind> All { get; } =
    [
        Corrupt, Damaged, Edited, TooLarge, Unreadable, SymbolicLink, SpecialFile, Stray, Mount, HardLink, Mode, Owner, LockWord, LockAhead,
        HalfLost, DocumentAhead, LockMissing, LockEmpty, Unstamped, NoStamps, Foreign, Metadata, StoreId, Watermark, RootsDiffer,
        Words, Log, ParkedDamaged, Hidden, LeftBehind, Overruled,
    ];

    public Finding At(string path, string what) => new(Code, Level, path, $"{what}. {Advice}");

    private static FindingKind Problem(string code, string advice) => new(code, FindingLevel.Problem, advice);

    private static FindingKind Note(string code, string advice) => new(code, FindingLevel.Note, advice);
}
