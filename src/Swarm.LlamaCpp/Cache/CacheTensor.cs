namespace Swarm.LlamaCpp.Cache;

/// <summary>Keys or values of one layer in llama.cpp's cache.</summary>
/// <param name="Index">Its place among the tensors of the state.</param>
/// <param name="IsValue">Whether it holds values.</param>
/// <param name="Layer">Layer, by its place in the state: layers with full attention first, then those with a window.</param>
/// <param name="Type">Number of its type, as <c>ggml_type</c> has it.</param>
/// <param name="RowBytes">Bytes of one position.</param>
/// <param name="ElementBytes">Bytes of one element where the state has them element by element, as values without flash attention; else 0.</param>
/// <param name="FixedOffset">Where its rows begin in a state: this, and <paramref name="OffsetEach"/> for each position.</param>
/// <param name="OffsetEach">See <paramref name="FixedOffset"/>.</param>
internal sealed record CacheTensor(int Index, bool IsValue, int Layer, int Type, int RowBytes, int ElementBytes, long FixedOffset, long OffsetEach)
{
    /// <summary>Where its rows begin in a state of so many positions.</summary>
    public long Offset(int count) => FixedOffset + (OffsetEach * count);
}
