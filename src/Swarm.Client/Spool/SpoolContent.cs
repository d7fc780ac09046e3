using Swarm.Core.Blocks;

namespace Swarm.Client.Spool;

/// <summary>What a session's spool holds: its newest header, and inputs without a hole.</summary>
internal sealed class SpoolContent
{
    private readonly List<int> _tokens = [];
    private readonly List<int> _steps = [];
    private readonly Dictionary<string, NamedState> _states = [];

    /// <summary>The newest header; <see langword="null"/> where none is sound.</summary>
    public SpoolHeader? Header { get; private set; }

    /// <summary>Position of the first input.</summary>
    public long FirstPosition { get; private set; }

    /// <summary>Position behind the last input.</summary>
    public long EndPosition => FirstPosition + _tokens.Count;

    /// <summary>Chain hash through the inputs before the first.</summary>
    public BlockHash PrefixHash { get; private set; }

    /// <summary>The latest state of each name.</summary>
    public IReadOnlyCollection<NamedState> States => _states.Values;

    /// <summary>Sound segments in order.</summary>
    public List<SpoolSegmentFile> Segments { get; } = [];

    /// <summary>Files that do not count: damaged, behind damage, or rewound.</summary>
    public List<string> Others { get; } = [];

    /// <summary>The largest number of any file.</summary>
    public ulong LastSequence { get; set; }

    /// <summary>Whether its only file ends within its header: the process died before anything was fed.</summary>
    public bool IsStillborn { get; set; }

    /// <summary>What is damaged and where; <see langword="null"/> where everything that was written is there.</summary>
    public string? Fault { get; set; }

    /// <summary>Starts with a segment's header, or goes on with it.</summary>
    /// <returns>What is wrong, or <see langword="null"/>.</returns>
    public string? Begin(SpoolHeader header)
    {
        if (Header is null)
        {
            (FirstPosition, PrefixHash) = (header.FirstPosition, header.PrefixHash);
        }
        else if (header.FirstPosition != EndPosition || header.PreviousRecords != Segments[^1].Records)
        {
            return $"it goes on at position {header.FirstPosition} behind {header.PreviousRecords} records, the segment "
                + $"before it ends at {EndPosition} with {Segments[^1].Records}";
        }

        else if (header.Epoch != Header.Epoch)
        {
            return $"it is of epoch {header.Epoch}, the segment before it of {Header.Epoch}";
        }

        Header = header;
        foreach (var state in header.States)
        {
            Set(state);
        }

        return null;
    }

    /// <summary>Adds a step.</summary>
    /// <returns>What is wrong, or <see langword="null"/>.</returns>
    public string? Add(long firstPosition, int[] tokens, IReadOnlyList<NamedState> states)
    {
        if (firstPosition != EndPosition)
        {
            return $"a step begins at position {firstPosition}, the one before it ends at {EndPosition}";
        }

        _tokens.AddRange(tokens);
        _steps.Add(tokens.Length);
        foreach (var state in states)
        {
            Set(state);
        }

        return null;
    }

    /// <summary>Sets a state; one that has seen more inputs than there are was rewound.</summary>
    public void Set(NamedState state)
    {
        if (state.Position <= EndPosition)
        {
            _states[state.Name] = state;
        }
    }

    /// <summary>The inputs from a position on; a step that begins before it is cut.</summary>
    /// <param name="position">Not before <see cref="FirstPosition"/>.</param>
    public InputRun From(long position)
    {
        var skip = (int)Math.Min(position - FirstPosition, _tokens.Count);
        List<int> steps = [];
        var end = 0;
        foreach (var step in _steps)
        {
            end += step;
            if (end > skip)
            {
                steps.Add(Math.Min(step, end - skip));
            }
        }

        return new InputRun(FirstPosition + skip, _tokens[skip..].ToArray(), steps.ToArray());
    }
}
