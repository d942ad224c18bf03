using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;

namespace SafeStore.Cli.Demo;

/// <summary>What has been acknowledged: the last transaction of each sandbox that some writer has printed.</summary>
internal sealed class Ledger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long N, Lsn Lsn)> _last = new(StringComparer.Ordinal);

    /// <summary>Transactions acknowledged in all.</summary>
    public long Commits { get; private set; }

    /// <summary>The number and LSN of a sandbox's last acknowledged transaction; zeros before the first.</summary>
    public (long N, Lsn Lsn) LastOf(string sandbox)
    {
        lock (_gate)
        {
            return _last.GetValueOrDefault(sandbox);
        }
    }

    /// <summary>
    /// Enters a line that a writer printed: LSN, sandboxes rolled forward and back so far, then each sandbox with its number.
    /// </summary>
    public (long RolledForward, long RolledBack) Enter(string line)
    {
        string[] words = line.Split(' ');
        var lsn = new Lsn(Number(words[0]));
        lock (_gate)
        {
            Commits++;
            for (int i = 3; i < words.Length; i += 2)
            {
                // Lines of several writers are read in any order.
                long n = Number(words[i + 1]);
                if (n > _last.GetValueOrDefault(words[i]).N)
                {
                    _last[words[i]] = (n, lsn);
                }
            }
        }

        return (Number(words[1]), Number(words[2]));
    }

    private static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);
}
