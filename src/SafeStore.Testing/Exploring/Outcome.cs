using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using SafeStore.Testing.Disks;

namespace SafeStore.Testing;

/// <summary>One thing that may happen at a cut.</summary>
internal abstract record Outcome
{
    /// <summary>All processes die; of a write that was under way, so many bytes are there.</summary>
    public sealed record Killed(int WrittenBytes) : Outcome;

    /// <summary>The power goes; the choice says what is left on each disk.</summary>
    public sealed record PowerLost(ImmutableArray<int> Choice) : Outcome;
}

/// <summary>What may happen at a cut, and what each of it leaves.</summary>
internal sealed class Outcomes
{
    /// <summary>Up to how many questions each is tried for itself: 4 MiB that are not synced are 8192 of them.</summary>
    private const int QuestionsMax = 256;

    private readonly Cut _cut;
    private readonly PowerLossSpace[] _spaces;
    private readonly int[] _options;

    public Outcomes(Cut cut)
    {
        _cut = cut;
        _spaces = [.. cut.Image.Disks.Select(static disk => new PowerLossSpace(disk))];
        _options = [.. _spaces.SelectMany(static space => space.Options)];
    }

    public IEnumerable<Outcome> Kills()
    {
        yield return new Outcome.Killed(0);
        if (_cut.Write is not { } write)
        {
            yield break;
        }

        // A kill ends a write between pages, so that what is there is a beginning of it.
        foreach (int bytes in new[] { 1, write.Bytes.Length / 2, write.Bytes.Length - 1 }.Distinct())
        {
            if (bytes > 0 && bytes < write.Bytes.Length)
            {
                yield return new Outcome.Killed(bytes);
            }
        }
    }

    /// <summary>All power losses if there are few enough, else the extreme ones and some that are drawn.</summary>
    public IEnumerable<Outcome> PowerLosses(int exhaustiveMax, int samples, Randomness random)
    {
        long all = 1;
        foreach (int options in _options)
        {
            all = Math.Min(all * options, int.MaxValue);
        }

        IEnumerable<int[]> choices = all <= exhaustiveMax ? All((int)all) : Extremes(samples, random).Concat(Drawn(samples, random));
        return choices.Select(static choice => new Outcome.PowerLost([.. choice]));
    }

    /// <summary>Some of what may happen, for crashes within a recovery.</summary>
    public IEnumerable<Outcome> Some(int samples, Randomness random)
    {
        yield return Kills().Skip(random.Next(Kills().Count())).First();
        for (int i = 0; i < samples; i++)
        {
            yield return new Outcome.PowerLost([.. i switch
            {
                0 when random.Next(4) == 0 => new int[_options.Length],
                1 when random.Next(4) == 0 => Newest(),
                _ => _options.Select(random.Next),
            }]);
        }
    }

    public MachineImage After(Outcome outcome, ulong garbage)
    {
        if (outcome is not Outcome.PowerLost loss)
        {
            return AfterKill(((Outcome.Killed)outcome).WrittenBytes);
        }

        var disks = ImmutableArray.CreateBuilder<Disk>(_spaces.Length);
        int start = 0;
        foreach (PowerLossSpace space in _spaces)
        {
            disks.Add(space.Materialize(loss.Choice.AsSpan(start, space.Count), garbage));
            start += space.Count;
        }

        return new MachineImage(disks.MoveToImmutable(), null, _cut.Image.Now);
    }

    /// <summary>Simpler outcomes than this one: each keeps one thing more of what was unsynced.</summary>
    public IEnumerable<Outcome> Simpler(Outcome outcome)
    {
        if (outcome is not Outcome.PowerLost loss)
        {
            yield break;
        }

        yield return new Outcome.Killed(0);
        for (int i = 0; i < _options.Length; i++)
        {
            if (loss.Choice[i] != _options[i] - 1)
            {
                yield return new Outcome.PowerLost(loss.Choice.SetItem(i, _options[i] - 1));
            }
        }
    }

    public Crash Describe(Outcome outcome, ImmutableArray<string> trace) => new()
    {
        Kind = outcome switch
        {
            Outcome.Killed { WrittenBytes: > 0 } killed => $"kill within a write, after {killed.WrittenBytes} bytes",
            Outcome.Killed => "kill",
            _ => "power loss",
        },
        Trace = trace,
        Lost = outcome is Outcome.PowerLost loss ? [.. Lost(loss)] : [],
    };

    private IEnumerable<string> Lost(Outcome.PowerLost loss)
    {
        int start = 0;
        foreach (PowerLossSpace space in _spaces)
        {
            for (int i = 0; i < space.Count; i++)
            {
                int option = loss.Choice[start + i];
                if (option != _options[start + i] - 1)
                {
                    yield return space.Describe(i, option);
                }
            }

            start += space.Count;
        }
    }

    private MachineImage AfterKill(int writtenBytes)
    {
        MachineImage image = _cut.Image.Copy();
        if (writtenBytes > 0)
        {
            WriteInProgress write = _cut.Write!;
            Disk disk = image.Disks.First(disk => disk.Device == write.Device);

            // A file that no name leads to any more is gone with its handle.
            if (disk.Inodes.FirstOrDefault(inode => inode.Number == write.Inode) is FileInode file)
            {
                disk.Write(file, write.Bytes.AsSpan(0, writtenBytes), write.Offset);
            }
        }

        return image;
    }

    private IEnumerable<int[]> All(int count)
    {
        for (int i = 0; i < count; i++)
        {
            int[] choice = new int[_options.Length];
            for (int atom = 0, rest = i; atom < choice.Length; atom++)
            {
                choice[atom] = rest % _options[atom];
                rest /= _options[atom];
            }

            yield return choice;
        }
    }

    private IEnumerable<int[]> Extremes(int samples, Randomness random)
    {
        yield return new int[_options.Length];
        yield return Newest();
        IEnumerable<int> questions = _options.Length <= QuestionsMax ? Enumerable.Range(0, _options.Length)
            : Enumerable.Range(0, samples).Select(_ => random.Next(_options.Length));
        foreach (int i in questions)
        {
            int[] alone = new int[_options.Length];
            alone[i] = _options[i] - 1;
            yield return alone;
            int[] without = Newest();
            without[i] = 0;
            yield return without;
        }
    }

    private int[] Newest() => Array.ConvertAll(_options, static options => options - 1);

    private IEnumerable<int[]> Drawn(int samples, Randomness random)
    {
        for (int i = 0; i < samples; i++)
        {
            // Some losses are mild and some are severe.
            double keeps = random.Next(4) / 3.0;
            yield return Array.ConvertAll(_options, options => random.Chance(keeps) ? options - 1 : random.Next(options));
        }
    }
}
