namespace Swarm;

/// <summary>
/// Inputs of a session that was fenced before they were durable: the context went on without them. They may be appended to
/// a fork of it.
/// </summary>
public sealed class SpoolLeftover
{
    private readonly Action _discard;

    internal SpoolLeftover(
        string context,
        Epoch epoch,
        bool followsContext,
        InputRun inputs,
        IReadOnlyList<NamedState> states,
        string? fault,
        Action discard)
    {
        Context = context;
        Epoch = epoch;
        FollowsContext = followsContext;
        Inputs = inputs;
        States = [.. states.Where(state => !Names.IsReservedState(state.Name))];
        Fault = fault;
        _discard = discard;
    }

    /// <summary>Context name.</summary>
    public string Context { get; }

    /// <summary>Epoch of the session that they were fed in.</summary>
    public Epoch Epoch { get; }

    /// <summary>Position of the first of them: all before it are in the context as the session fed them.</summary>
    public long FirstPosition => Inputs.FirstPosition;

    /// <summary>
    /// Whether the context still holds what came before <see cref="FirstPosition"/>, so that a fork of it at that position
    /// may go on with them. Otherwise a later session has rewound the context further, or it is gone.
    /// </summary>
    public bool FollowsContext { get; }

    /// <summary>The inputs with the steps in which they were fed, at least one.</summary>
    public InputRun Inputs { get; }

    /// <summary>The latest states that the session had set and that may not be durable.</summary>
    public IReadOnlyList<NamedState> States { get; }

    /// <summary>What of the spool was damaged, so that inputs behind it are missing; else <see langword="null"/>.</summary>
    public string? Fault { get; }

    /// <summary>In words: which inputs of which session they are.</summary>
    public override string ToString() =>
        $"{Inputs.Tokens.Length} inputs from position {FirstPosition} on and {States.Count} states of context '{Context}', epoch {Epoch}"
        + (FollowsContext ? "" : "; the context does not hold what came before them any more") + (Fault is null ? "" : $"; {Fault}");

    /// <summary>Removes them from the disk: they are not offered again. Harmless if repeated.</summary>
    /// <exception cref="SpoolException">The files cannot be removed.</exception>
    public void Discard() => _discard();
}
