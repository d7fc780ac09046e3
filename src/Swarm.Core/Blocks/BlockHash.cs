using Swarm.Core.Identity;

namespace Swarm.Core.Blocks;

/// <summary>
/// Names the inputs of all positions up to and with one: of a whole block when it ends one, of a partial block
/// otherwise. Computed by <see cref="PrefixHasher"/>.
/// </summary>
/// <param name="Value">The keyed digest; the default value never names anything.</param>
public readonly record struct BlockHash(Digest256 Value)
{
    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString();
}
