using Swarm.Core.Identity;

namespace Swarm.Grains.Abstractions;

/// <summary>A request for a context that begins with some inputs.</summary>
/// <param name="Name">Name of the new context.</param>
/// <param name="Model">Fingerprint of the model.</param>
/// <param name="BlockTokens">Positions of a block.</param>
/// <param name="Tokens">The inputs, at most <see cref="Core.Contexts.IPrefixDirectory.MaxTokensIn"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.prefix-fork.v1")]
public sealed record PrefixFork(
    [property: Id(0)] string Name, [property: Id(1)] Digest256 Model, [property: Id(2)] int BlockTokens, [property: Id(3)] int[] Tokens);
