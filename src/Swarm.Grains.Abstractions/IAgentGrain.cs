namespace Swarm.Grains.Abstractions;

/// <summary>One agent: which contexts it holds.</summary>
/// <remarks>Key: <c>tenant/agent</c>. Only small messages; KV never rides in a grain call.</remarks>
[Alias("swarm.agent.v1")]
public interface IAgentGrain : IGrainWithStringKey
{
    /// <summary>Acquires a context for a session of this agent, and makes it first if it is new and may be made.</summary>
    /// <param name="request">What and how.</param>
    /// <param name="cancellationToken">Stops waiting; the acquisition may still take effect.</param>
    /// <returns>The lease, or the refusal.</returns>
    /// <remarks>Safe to repeat with the same secret hash.</remarks>
    [Alias("acquire")]
    Task<AcquireAnswer> AcquireAsync(AcquireContext request, CancellationToken cancellationToken);

    /// <summary>Gives a context back, for a named successor or for anybody.</summary>
    /// <param name="request">What, with the proof.</param>
    /// <param name="cancellationToken">Stops waiting; the release may still take effect.</param>
    /// <returns>The epoch after it, or the refusal.</returns>
    [Alias("release")]
    Task<EpochAnswer> ReleaseAsync(ReleaseContext request, CancellationToken cancellationToken);

    /// <summary>Contexts that this agent holds as far as this activation knows.</summary>
    /// <returns>Context names with their epochs.</returns>
    [Alias("held")]
    Task<IReadOnlyList<HeldContext>> GetHeldAsync();
}
