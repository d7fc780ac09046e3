using System.Runtime.InteropServices;
using Swarm.Core.Blocks;

namespace Swarm.Client.Streaming;

/// <summary>All inputs of a context with their steps, and the hash chain over them. Thread-safe.</summary>
/// <remarks>
/// 4 bytes a position, and 4 a step: what is needed to send again what is not durable, to compute again what has no KV,
/// and to name KV by the inputs before it.
/// </remarks>
/// <param name="hasher">The context's chain, at position 0.</param>
internal sealed class InputHistory(PrefixHasher hasher)
{
    private readonly Lock _lock = new();
    private readonly List<int> _tokens = [];
    private readonly List<int> _stepEnds = [];
    private readonly List<BlockHash> _blocks = [hasher.Parent];

    /// <summary>Positions.</summary>
    public int Length
    {
        get
        {
            lock (_lock)
            {
                return _tokens.Count;
            }
        }
    }

    /// <summary>Makes room for inputs that are about to come: a million of them are not copied at each doubling.</summary>
    public void Reserve(long positions)
    {
        lock (_lock)
        {
            _tokens.EnsureCapacity((int)Math.Min(positions, Array.MaxLength));
        }
    }

    /// <summary>Adds one step.</summary>
    public void AppendStep(ReadOnlySpan<int> tokens)
    {
        lock (_lock)
        {
            CollectionsMarshal.SetCount(_tokens, _tokens.Count + tokens.Length);
            tokens.CopyTo(CollectionsMarshal.AsSpan(_tokens)[^tokens.Length..]);
            _stepEnds.Add(_tokens.Count);
            while (!tokens.IsEmpty)
            {
                var part = Math.Min(tokens.Length, hasher.BlockTokens - hasher.PendingTokens.Length);
                hasher.Append(tokens[..part]);
                tokens = tokens[part..];
                if (hasher.PendingTokens.IsEmpty)
                {
                    _blocks.Add(hasher.Parent);
                }
            }
        }
    }

    /// <summary>Adds inputs as they were recorded.</summary>
    public void AppendRun(InputRun run)
    {
        var first = 0;
        foreach (var step in run.Steps.Span)
        {
            AppendStep(run.Tokens.Span.Slice(first, step));
            first += step;
        }
    }

    /// <summary>Forgets all positions from one on.</summary>
    public void Truncate(int length)
    {
        lock (_lock)
        {
            CollectionsMarshal.SetCount(_tokens, length);
            var steps = StepsBefore(length);
            CollectionsMarshal.SetCount(_stepEnds, steps);
            if (length > (steps == 0 ? 0 : _stepEnds[^1]))
            {
                _stepEnds.Add(length);
            }

            var blocks = length / hasher.BlockTokens;
            CollectionsMarshal.SetCount(_blocks, blocks + 1);
            hasher.Resume((long)blocks * hasher.BlockTokens, _blocks[blocks]);
            hasher.Append(CollectionsMarshal.AsSpan(_tokens)[(blocks * hasher.BlockTokens)..]);
        }
    }

    /// <summary>Chain hash through the last of some positions.</summary>
    public BlockHash HashAt(int length)
    {
        lock (_lock)
        {
            var blocks = length / hasher.BlockTokens;
            var first = blocks * hasher.BlockTokens;
            if (length == first)
            {
                return _blocks[blocks];
            }

            var copy = hasher.Clone();
            copy.Resume(first, _blocks[blocks]);
            copy.Append(CollectionsMarshal.AsSpan(_tokens)[first..length]);
            return copy.Current();
        }
    }

    /// <summary>Inputs from a position to the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is behind the end.</exception>
    public int[] TokensFrom(long first)
    {
        lock (_lock)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(first, _tokens.Count);
            return CollectionsMarshal.AsSpan(_tokens)[(int)first..].ToArray();
        }
    }

    /// <summary>Where these inputs and others differ first: the length of the shorter if they do not.</summary>
    public int CommonLength(ReadOnlySpan<int> tokens)
    {
        lock (_lock)
        {
            return CollectionsMarshal.AsSpan(_tokens).CommonPrefixLength(tokens);
        }
    }

    /// <summary>The largest step boundary not behind a position.</summary>
    public int FloorToStep(int position)
    {
        lock (_lock)
        {
            var steps = StepsBefore(position);
            return steps == 0 ? 0 : _stepEnds[steps - 1];
        }
    }

    /// <summary>Where the last step begins.</summary>
    public int LastStepStart
    {
        get
        {
            lock (_lock)
            {
                return _stepEnds.Count < 2 ? 0 : _stepEnds[^2];
            }
        }
    }

    /// <summary>The rest of the step that begins at a position, or in which it lies; empty at the end.</summary>
    public int[] StepAt(int position)
    {
        lock (_lock)
        {
            var step = StepsBefore(position);
            return step == _stepEnds.Count
                ? []
                : CollectionsMarshal.AsSpan(_tokens)[position.._stepEnds[step]].ToArray();
        }
    }

    /// <summary>Whole steps from a position on, as many as fit.</summary>
    public InputRun Slice(int first, int maxTokens)
    {
        lock (_lock)
        {
            var end = first;
            List<int> steps = [];
            for (var step = StepsBefore(first); step < _stepEnds.Count && _stepEnds[step] - first <= maxTokens; step++)
            {
                steps.Add(_stepEnds[step] - end);
                end = _stepEnds[step];
            }

            return new InputRun(first, CollectionsMarshal.AsSpan(_tokens)[first..end].ToArray(), steps.ToArray());
        }
    }

    /// <summary>Where a KV record from a position on ends: whole steps, at least one, as many as fit.</summary>
    /// <returns>The end, and whether one more step would not have fitted.</returns>
    public (int End, bool IsFull) PlanRecord(int first, int limit, int maxPositions)
    {
        lock (_lock)
        {
            var end = first;
            for (var step = StepsBefore(first); step < _stepEnds.Count && _stepEnds[step] <= limit; step++)
            {
                if (end > first && _stepEnds[step] - first > maxPositions)
                {
                    return (end, true);
                }

                end = _stepEnds[step];
            }

            return (end, end - first >= maxPositions);
        }
    }

    /// <summary>How many steps end at or before a position.</summary>
    private int StepsBefore(int position)
    {
        var index = _stepEnds.BinarySearch(position);
        return index >= 0 ? index + 1 : ~index;
    }
}
