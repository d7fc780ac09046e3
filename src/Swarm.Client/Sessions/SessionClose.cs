namespace Swarm;

/// <summary>How a session ended: what of it is durable, and what is not.</summary>
/// <param name="Length">Positions fed, by this session and all before.</param>
/// <param name="Durable">What survives the loss of every process, as far as this session heard of it.</param>
/// <param name="GivenUp">
/// Inputs that are neither durable nor in a spool, with the steps in which they were fed: they end with this process. Normally none.
/// </param>
/// <param name="StatesGivenUp">Names of states whose latest content is neither durable nor in a spool.</param>
/// <param name="Spooled">Positions that are not durable, and that the spool keeps: the agent's next session sends them, or offers them.</param>
/// <param name="SpoolPath">Where the spool is; <see langword="null"/> without one, or where it ended because the context was given back.</param>
/// <param name="Reason">Why not everything is durable; <see langword="null"/> where everything is.</param>
public sealed record SessionClose(
    long Length,
    Watermarks Durable,
    InputRun GivenUp,
    IReadOnlyList<string> StatesGivenUp,
    long Spooled,
    string? SpoolPath,
    string? Reason)
{
    /// <summary>Positions without durable KV: whoever opens the context next computes those of them whose inputs it has.</summary>
    public long WithoutKv => Length - Durable.Kv;

    /// <summary>Whether something that the session was given is lost with it. KV never is: it is computed from the inputs.</summary>
    public bool IsLossy => !GivenUp.Tokens.IsEmpty || StatesGivenUp.Count > 0;

    /// <summary>In words: how long the context is, what is durable, and what is not.</summary>
    public override string ToString() =>
        $"{Length} positions, inputs of {Durable.Tokens} and KV of {Durable.Kv} durable; {GivenUp.Tokens.Length} inputs and {StatesGivenUp.Count} states "
        + $"given up, {Spooled} kept in {SpoolPath ?? "no spool"}{(Reason is null ? "" : $": {Reason}")}";
}
