using System.Runtime.CompilerServices;

namespace Swarm.Inference.Weights;

/// <summary>
/// Uniform numbers that depend on a seed, a tensor's name and an index alone: the same weights on every machine, made in
/// parallel.
/// </summary>
/// <remarks>SplitMix64 (Steele, Lea, Flood, 2014) of a counter; two numbers of 24 bits from each word.</remarks>
internal readonly struct CounterGenerator(ulong seed, string name)
{
    private readonly ulong _key = Mix(seed ^ Hash(name));

    /// <summary>Fills a span with numbers in (-scale, scale).</summary>
    /// <param name="destination">Receives the numbers from <paramref name="first"/> on.</param>
    /// <param name="first">Index of the first number, even.</param>
    /// <param name="scale">Half the width of the range.</param>
    public void Fill(Span<float> destination, long first, float scale)
    {
        var step = scale / (1 << 23);
        var counter = _key + ((ulong)first >> 1);
        for (var index = 0; index < destination.Length; index += 2)
        {
            var word = Mix(counter++);
            destination[index] = ((int)(word & 0xFFFFFF) - (1 << 23)) * step;
            if (index + 1 < destination.Length)
            {
                destination[index + 1] = ((int)((word >> 24) & 0xFFFFFF) - (1 << 23)) * step;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private static ulong Hash(string name)
    {
        var hash = 0xCBF29CE484222325; // FNV-1a.
        foreach (var character in name)
        {
            hash = (hash ^ character) * 0x100000001B3;
        }

        return hash;
    }
}
