namespace SafeStore.FileSystem;

/// <summary>The size of a terminal. To ask .NET for it writes a sequence to the terminal.</summary>
internal static unsafe class TerminalSize
{
    /// <summary>How many columns; 0 if the descriptor is no terminal, or it does not tell.</summary>
    internal static int Columns(nint descriptor)
    {
        LibC.WindowSize size;
        return LibC.ioctl(descriptor, LibC.TIOCGWINSZ, &size) == 0 ? size.Columns : 0;
    }
}
