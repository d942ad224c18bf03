using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO.Hashing;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using SafeStore.FileSystem;

namespace SafeStore.Locking;

/// <summary>
/// The 64 locks that guard the creation and removal of sandboxes: an id that does not exist has no lock file of its own. Taken after sandbox
/// locks and in ascending order, so that nobody waits in a circle.
/// </summary>
internal sealed class NameLocks(IDurableFileSystem fs, DirectoryHandle directory, LockWaiting waiting)
{
    private const int Count = 64;

    public static string FileOf(string sandbox) => IndexOf(sandbox).ToString("x2", CultureInfo.InvariantCulture) + ".lock";

    /// <summary>Takes the locks of these names, each lock once.</summary>
    public async ValueTask<Hold> AcquireAsync(IEnumerable<string> sandboxes, TimeSpan timeout, CancellationToken cancellation)
    {
        var hold = new Hold([]);
        try
        {
            foreach (string name in sandboxes.Select(FileOf).Distinct().Order(StringComparer.Ordinal))
            {
                // Opened for this use, so that flock orders the threads of this process too.
                var fileLock = FileLock.Open(fs, directory, name, waiting);
                hold.Locks.Add(fileLock);
                await fileLock.AcquireAsync(LockMode.Exclusive, timeout, cancellation).ConfigureAwait(false);
            }

            return hold;
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    private static int IndexOf(string sandbox) => (int)(XxHash3.HashToUInt64(Encoding.ASCII.GetBytes(sandbox)) % Count);

    /// <summary>Proof that the names are held.</summary>
    internal sealed class Hold(List<FileLock> locks) : IDisposable
    {
        public List<FileLock> Locks => locks;

        public void Dispose() => locks.ForEach(static fileLock => fileLock.Dispose());
    }
}
