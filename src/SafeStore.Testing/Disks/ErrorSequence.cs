namespace SafeStore.Testing.Disks;

/// <summary>
/// The failed write-backs of a file, or of a whole filesystem, as Linux counts them (errseq_t, Linux 4.13): who has it open is told once. A
/// copy of the disk has forgotten them, as the kernel has when it needed the memory.
/// </summary>
internal sealed class ErrorSequence
{
    private int _count;
    private bool _isUntold;

    /// <param name="isUntold">
    /// Whether no process is told by the call in which it happens: then a process that opens it later is (errseq_sample, Linux 4.18).
    /// </param>
    public void Add(bool isUntold)
    {
        _count++;
        _isUntold = isUntold;
    }

    /// <summary>What one handle has been told.</summary>
    public sealed class Reader(ErrorSequence sequence)
    {
        private int _seen = sequence._count - (sequence._isUntold ? 1 : 0);

        /// <summary>Whether there is one that the handle has not been told of; now it has.</summary>
        public bool Look()
        {
            bool isNews = _seen < sequence._count;
            _seen = sequence._count;
            sequence._isUntold &= !isNews;
            return isNews;
        }
    }
}
