namespace Swarm.Grains.Abstractions;

/// <summary>Makes contexts that share the KV of other contexts of their tenant.</summary>
/// <remarks>Key: <see cref="GrainKeys.Prefixes"/>.</remarks>
[Alias("swarm.prefixes.v1")]
public interface IPrefixGrain : IGrainWithStringKey
{
    /// <summary>Makes a context that begins with some inputs, as a fork of the context that has the KV of most of them.</summary>
    /// <param name="request">What it is to begin with.</param>
    /// <param name="cancellationToken">Stops waiting; the fork may still take effect.</param>
    /// <returns>What became of it, or the refusal.</returns>
    [Alias("fork")]
    Task<PrefixForkAnswer> ForkAsync(PrefixFork request, CancellationToken cancellationToken);
}
