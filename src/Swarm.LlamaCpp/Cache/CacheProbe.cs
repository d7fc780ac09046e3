using Swarm.LlamaCpp.Native;

namespace Swarm.LlamaCpp.Cache;

/// <summary>
/// Learns a new cache: how its state is laid out, and where its rows are in memory; and proves on a few positions that what is written back is what was read.
/// It is the first step of each cache too, after which nothing of a first time is in another one.
/// </summary>
internal static unsafe class CacheProbe
{
    private const int Positions = 3;

    /// <summary>Probes an empty cache, which is empty again afterwards.</summary>
    /// <param name="sequence">The cache.</param>
    /// <param name="stepTokens">Longest step.</param>
    /// <param name="vocabulary">Number of token ids.</param>
    /// <returns>The layout; and where the rows of each of its tensors begin, or nothing where that is not known.</returns>
    /// <exception cref="LlamaCppException">The cache is not one that can be read and written; the message says why.</exception>
    public static (StateLayout Layout, IReadOnlyList<nint> Rows) Run(LlamaSequence sequence, int stepTokens, int vocabulary)
    {
        var nodes = CacheNodes.Watch(() =>
        {
            for (var first = 0; first < Positions; first += stepTokens)
            {
                int[] tokens = [.. Enumerable.Range(first, Math.Min(stepTokens, Positions - first)).Select(position => position % vocabulary)];
                if (sequence.Decode(tokens, first) is not 0 and var code)
                {
                    throw new LlamaCppException($"llama.cpp's first step with this model failed, code {code}. Take another model, or less KV.");
                }
            }
        });
        using var buffer = new NativeBuffer();
        var state = Read(sequence, buffer, 0, Positions);
        var layout = StateLayout.Learn(state, Positions);
        RequireRange(sequence, layout, state);
        RequireWriting(sequence, layout, state);
        var rows = Locate(layout, nodes, state);
        sequence.Clear();
        return (layout, rows);
    }

    private static byte[] Read(LlamaSequence sequence, NativeBuffer buffer, int first, int count)
    {
        var bytes = sequence.Read(first, count, buffer);
        return new ReadOnlySpan<byte>(buffer.Start, (int)bytes).ToArray();
    }

    // A range of positions gives the rows of these positions.
    private static void RequireRange(LlamaSequence sequence, StateLayout layout, byte[] state)
    {
        using var buffer = new NativeBuffer();
        var part = Read(sequence, buffer, 1, Positions - 1);
        if (!layout.Fits(part, 1, Positions - 1)
            || !layout.Tensors.All(tensor => Rows(part, Positions - 1, tensor).AsSpan().SequenceEqual(Rows(state, Positions, tensor).AsSpan(tensor.RowBytes))))
        {
            throw Wrong("the state of some positions is not a part of the state of all");
        }
    }

    // A state that this library puts together, taken in by an empty cache, is what comes out again.
    private static void RequireWriting(LlamaSequence sequence, StateLayout layout, byte[] state)
    {
        sequence.Clear();
        using var buffer = new NativeBuffer();
        for (var first = 0; first < Positions; first += Positions - 1)
        {
            var count = Math.Min(Positions - 1, Positions - first);
            var size = layout.Size(count);
            buffer.Reserve(size);
            var part = new Span<byte>(buffer.Start, (int)size);
            layout.WriteHeads(part, first, count);
            foreach (var tensor in layout.Tensors)
            {
                StateLayout.SetRows(part, count, tensor, 0, Rows(state, Positions, tensor).AsSpan(first * tensor.RowBytes, count * tensor.RowBytes));
            }

            if (!sequence.Append(buffer, size))
            {
                throw Wrong("llama.cpp does not take a state of its own layout");
            }
        }

        if (sequence.LastPosition != Positions - 1 || !Read(sequence, buffer, 0, Positions).AsSpan().SequenceEqual(state))
        {
            throw Wrong("a state that was taken in comes out otherwise");
        }
    }

    // Among the addresses that a step used for each layer's keys or values, those where the rows are that the state has: layers in the state are in ascending order.
    private static List<nint> Locate(StateLayout layout, IReadOnlyDictionary<(bool IsValue, int Layer), HashSet<nint>> nodes, byte[] state)
    {
        var taken = new HashSet<(bool IsValue, int Layer)>();
        var rows = new List<nint>();
        foreach (var tensor in layout.Tensors)
        {
            var expected = Rows(state, Positions, tensor);
            var found = nodes
                .Where(node => tensor.ElementBytes == 0 && node.Key.IsValue == tensor.IsValue && !taken.Contains(node.Key))
                .SelectMany(node => node.Value.Select(address => (node.Key, Address: address)))
                .FirstOrDefault(candidate => new ReadOnlySpan<byte>((void*)candidate.Address, expected.Length).SequenceEqual(expected));
            if (found.Address == 0)
            {
                return [];
            }

            taken.Add(found.Key);
            rows.Add(found.Address);
        }

        return rows;
    }

    private static byte[] Rows(ReadOnlySpan<byte> state, int count, CacheTensor tensor)
    {
        var rows = new byte[count * tensor.RowBytes];
        StateLayout.CopyRows(state, count, tensor, rows);
        return rows;
    }

    private static LlamaCppException Wrong(string what) => new(
        $"llama.cpp's cache cannot be read and written as this library does it: {what}. The model's cache is not one of plain or windowed attention, or LLamaSharp is not the "
        + "version that this package asks for.");
}
