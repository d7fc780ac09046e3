using Orleans.Concurrency;
using Swarm.Core.Identity;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Grains.Abstractions;

/// <summary>One context: opens it on this silo, hands it off, and says where its data plane is.</summary>
/// <remarks>Key: <c>tenant/context</c> (the context's name may hold slashes). The activation hosts the open context.</remarks>
[Alias("swarm.context.v1")]
public interface IContextGrain : IGrainWithStringKey
{
    /// <summary>Acquires the context for a session, and makes it first if it is new and may be made.</summary>
    /// <param name="request">Who, what and how.</param>
    /// <param name="cancellationToken">Stops waiting; the acquisition may still take effect.</param>
    /// <returns>The lease, or the refusal.</returns>
    [Alias("acquire")]
    Task<AcquireAnswer> AcquireAsync(AcquireContext request, CancellationToken cancellationToken);

    /// <summary>Gives the context back.</summary>
    /// <param name="request">What, with the proof.</param>
    /// <param name="cancellationToken">Stops waiting; the release may still take effect.</param>
    /// <returns>The epoch after it, or the refusal.</returns>
    [Alias("release")]
    Task<EpochAnswer> ReleaseAsync(ReleaseContext request, CancellationToken cancellationToken);

    /// <summary>Where the context's data plane is now; opens the context here if need be.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The place, or the refusal.</returns>
    [Alias("locate")]
    Task<LocateAnswer> LocateAsync(CancellationToken cancellationToken);

    /// <summary>Finds a successor for a holder that asks for one, and goes on until there is one. Waits a while; repeat it until there is one.</summary>
    /// <param name="epoch">Epoch of the session.</param>
    /// <param name="secretHash">Hash of its secret.</param>
    /// <param name="reason">Why, for whoever is offered the context.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The successor, once it is ready; or the refusal.</returns>
    [Alias("find-successor"), AlwaysInterleave]
    Task<SuccessorAnswer> FindSuccessorAsync(ulong epoch, Digest256 secretHash, string reason, CancellationToken cancellationToken);

    /// <summary>The durable state of the context.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The state, or the refusal.</returns>
    [Alias("status")]
    Task<StatusAnswer> GetStatusAsync(CancellationToken cancellationToken);

    /// <summary>Makes a context that begins with this one's first positions, without copying KV. Repeating it is harmless.</summary>
    /// <param name="name">Name of the new context.</param>
    /// <param name="position">Positions to share; <see langword="null"/> for all that are durable.</param>
    /// <param name="cancellationToken">Stops waiting; the fork may still take effect.</param>
    /// <returns>What became of it, or the refusal.</returns>
    [Alias("fork")]
    Task<ForkAnswer> ForkAsync(string name, long? position, CancellationToken cancellationToken);

    /// <summary>Forgets the context for good, if its epoch is still the expected one. Its holder, if any, is fenced.</summary>
    /// <param name="expectedEpoch">Epoch that the caller saw: a request that comes late never meets a context made anew since.</param>
    /// <param name="cancellationToken">Stops waiting; the erasure may still take effect.</param>
    /// <returns>What became of it, or the refusal.</returns>
    [Alias("erase")]
    Task<EraseAnswer> EraseAsync(ulong expectedEpoch, CancellationToken cancellationToken);

    /// <summary>Closes the context here, so that another silo can open it at once.</summary>
    /// <returns>A task that ends when it is closed.</returns>
    [Alias("close")]
    Task CloseAsync();
}
