using System.Runtime.InteropServices;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Objects;

namespace Swarm.Storage.State;

/// <summary>The durable inputs of one open context: sealed pages by reference, the rest in memory.</summary>
/// <remarks>
/// A page begins at a step's boundary, so that no recorded step is ever cut, and repeats the inputs back to the block
/// boundary before, so that the chain hash can be taken up there. Lives on the store's loop.
/// </remarks>
internal sealed class InputTable
{
    private readonly int _blockTokens;
    private readonly List<PageRef> _pages;
    private readonly List<int> _tokens = [];
    private readonly List<int> _steps = [];
    private long _alignedStart;

    public InputTable(int blockTokens, IEnumerable<PageRef> sealedPages, BlockHash startHash)
    {
        _blockTokens = blockTokens;
        _pages = [.. sealedPages];
        TailStart = _pages.Count == 0 ? 0 : _pages[^1].EndPosition;
        _alignedStart = Aligned(TailStart);
        StartHash = startHash;
    }

    /// <summary>Pages that are full and never written again.</summary>
    public IReadOnlyList<PageRef> SealedPages => _pages;

    /// <summary>First position that counts in the tail.</summary>
    public long TailStart { get; private set; }

    /// <summary>Chain hash of the last whole block at or before <see cref="TailStart"/>.</summary>
    public BlockHash StartHash { get; private set; }

    /// <summary>Positions in all.</summary>
    public long Length => _alignedStart + _tokens.Count;

    /// <summary>Positions that count in the tail.</summary>
    public long TailLength => Length - TailStart;

    /// <summary>Changes whenever the tail is cut or moved: a checkpoint under way then keeps its hands off.</summary>
    public int Version { get; private set; }

    private long Aligned(long position) => position - (position % _blockTokens);

    /// <summary>Adds inputs at the end.</summary>
    public void Append(ReadOnlySpan<int> tokens, ReadOnlySpan<int> steps)
    {
        _tokens.AddRange(tokens);
        _steps.AddRange(steps);
    }

    /// <summary>Takes a page's content back into the empty tail: at opening, or before a rewind into it.</summary>
    public void LoadTail(PageRef page, BlockHash startHash, IReadOnlyList<InputRun> runs)
    {
        if (_pages.Count > 0 && ReferenceEquals(_pages[^1], page))
        {
            _pages.RemoveAt(_pages.Count - 1);
        }

        // What the tail holds behind the page stays; its overlap is in the page.
        var kept = _tokens.Skip((int)(TailStart - _alignedStart)).ToArray();
        var keptSteps = _steps.ToArray();
        _tokens.Clear();
        _steps.Clear();
        _alignedStart = runs[0].FirstPosition;
        TailStart = page.FirstPosition;
        StartHash = startHash;
        foreach (var run in runs)
        {
            _tokens.AddRange(run.Tokens.Span);
            if (run.FirstPosition >= TailStart)
            {
                _steps.AddRange(run.Steps.Span);
            }
        }

        _tokens.AddRange(kept);
        _steps.AddRange(keptSteps);
        Version++;
    }

    /// <summary>Cuts the tail back. The page that holds <paramref name="length"/> must have been loaded.</summary>
    public void Truncate(long length)
    {
        var excess = Length - length;
        _tokens.RemoveRange((int)(length - _alignedStart), (int)excess);
        while (excess > 0)
        {
            var step = _steps[^1];
            _steps.RemoveAt(_steps.Count - 1);
            if (step > excess)
            {
                _steps.Add((int)(step - excess));
            }

            excess -= Math.Min(step, excess);
        }

        Version++;
    }

    /// <summary>Positions of the first step; 0 where there is none, or a sealed page has it.</summary>
    public int FirstStep => TailStart == 0 && _steps.Count > 0 ? _steps[0] : 0;

    /// <summary>The last boundary of steps not behind a position, which the tail holds.</summary>
    public long FloorToStep(long position)
    {
        var end = TailStart;
        foreach (var step in _steps)
        {
            if (end + step > position)
            {
                break;
            }

            end += step;
        }

        return end;
    }

    /// <summary>Token ids of the tail, back to the block boundary before it.</summary>
    public ReadOnlySpan<int> Tokens(long firstPosition, int count) =>
        CollectionsMarshal.AsSpan(_tokens).Slice((int)(firstPosition - _alignedStart), count);

    /// <summary>Whether positions from one on are in memory.</summary>
    public bool IsInTail(long position) => position >= _alignedStart;

    /// <summary>A hasher at some position of the tail.</summary>
    public PrefixHasher HasherAt(PrefixHasher fresh, long position, IBlockSink? blocks = null)
    {
        fresh.Resume(_alignedStart, StartHash);
        if (_alignedStart > 0)
        {
            blocks?.Add(_alignedStart, StartHash);
        }

        fresh.Append(Tokens(_alignedStart, (int)(position - _alignedStart)), blocks);
        return fresh;
    }

    /// <summary>The tail as runs: what a page of it holds.</summary>
    public IReadOnlyList<InputRun> TailRuns() => RunsUpTo(Length, _steps.Count);

    /// <summary>Inputs of the tail from a position on, without a look at those before.</summary>
    /// <param name="position">At or behind <see cref="TailStart"/>, before the end.</param>
    public InputRun TailFrom(long position)
    {
        var first = _steps.Count;
        var start = Length;
        while (start > position)
        {
            start -= _steps[--first];
        }

        var steps = _steps.GetRange(first, _steps.Count - first).ToArray();
        steps[0] -= (int)(position - start);
        return new InputRun(position, Tokens(position, (int)(Length - position)).ToArray(), steps);
    }

    /// <summary>Blocks that the tail has, the last perhaps not full.</summary>
    public long TailBlocks => (TailLength + _blockTokens - 1) / _blockTokens;

    /// <summary>
    /// Where a full page of the tail would end, and its runs; or <see langword="null"/> while the tail is short.
    /// </summary>
    /// <param name="blocks">Blocks of a full page, at most, unless its first step alone is longer: no step is cut.</param>
    public (long End, int Steps, IReadOnlyList<InputRun> Runs)? FullPage(int blocks)
    {
        var positions = blocks * _blockTokens;
        if (TailLength < positions)
        {
            return null;
        }

        long end = TailStart;
        var steps = 0;
        while (steps < _steps.Count && (steps == 0 || end + _steps[steps] <= TailStart + positions))
        {
            end += _steps[steps++];
        }

        return (end, steps, RunsUpTo(end, steps));
    }

    /// <summary>Notes that a full page of the tail was written.</summary>
    public void Seal(PageRef page, int steps, BlockHash nextStartHash)
    {
        _pages.Add(page);
        var nextAligned = Aligned(page.EndPosition);
        _tokens.RemoveRange(0, (int)(nextAligned - _alignedStart));
        _steps.RemoveRange(0, steps);
        _alignedStart = nextAligned;
        TailStart = page.EndPosition;
        StartHash = nextStartHash;
        Version++;
    }

    /// <summary>Names the context that wrote the sealed pages, where none is named yet.</summary>
    public void ShareWith(ContextId owner)
    {
        for (var index = 0; index < _pages.Count; index++)
        {
            _pages[index] = _pages[index] with { Context = _pages[index].Context ?? owner };
        }
    }

    private List<InputRun> RunsUpTo(long end, int steps)
    {
        var runs = new List<InputRun>(2);
        var overlap = (int)(TailStart - _alignedStart);
        if (overlap > 0)
        {
            runs.Add(new InputRun(_alignedStart, Tokens(_alignedStart, overlap).ToArray(), new[] { overlap }));
        }

        if (end > TailStart)
        {
            runs.Add(new InputRun(
                TailStart, Tokens(TailStart, (int)(end - TailStart)).ToArray(), _steps.GetRange(0, steps).ToArray()));
        }

        return runs;
    }
}
