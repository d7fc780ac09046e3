using Swarm.Core.Identity;

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

/// <summary>A request for a context that begins with some inputs.</summary>
/// <param name="Name">Name of the new context.</param>
/// <param name="Model">Fingerprint of the model.</param>
/// <param name="BlockTokens">Positions of a block.</param>
/// <param name="Tokens">The inputs, at most <see cref="Core.Contexts.IPrefixDirectory.MaxTokensIn"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.prefix-fork.v1")]
public sealed record PrefixFork(
    [property: Id(0)] string Name, [property: Id(1)] Digest256 Model, [property: Id(2)] int BlockTokens, [property: Id(3)] int[] Tokens);

/// <summary>What became of a <see cref="PrefixFork"/>, or a refusal.</summary>
/// <param name="Parent">Name of the context that it shares positions with; empty where nobody has their KV, and nothing was made.</param>
/// <param name="Position">Positions that it shares.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.prefix-fork-answer.v1")]
public sealed record PrefixForkAnswer([property: Id(0)] string Parent, [property: Id(1)] long Position, [property: Id(2)] Refusal? Refusal);
