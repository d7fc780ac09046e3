namespace Swarm;

/// <summary>Small state that travels with a context: a sampler's, a tracker's. The latest of a name counts.</summary>
/// <param name="Name">See <see cref="Names.RequireState"/>.</param>
/// <param name="Position">Number of positions that the state has seen.</param>
/// <param name="Content">At most <see cref="MaxBytes"/> bytes.</param>
public sealed record NamedState(string Name, long Position, ReadOnlyMemory<byte> Content)
{
    /// <summary>Largest content, in bytes.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>Most states of a context; one of them is Swarm's own where a runtime tells its numerics identity.</summary>
    public const int MaxCount = 64;
}
