using System.Collections.Immutable;

namespace Swarm.Gguf;

/// <summary>A tensor of a GGUF file, as its directory has it.</summary>
/// <param name="Name">Its name, 1 to 63 bytes of UTF-8.</param>
/// <param name="Type">How its elements are encoded.</param>
/// <param name="Dimensions">1 to 4 dimensions, the innermost first: <c>[columns, rows]</c> of a matrix. Each at least 1; the first is whole blocks.</param>
/// <param name="Offset">Where its bytes begin in the file.</param>
/// <param name="ByteLength">Its bytes.</param>
public sealed record GgufTensor(string Name, GgufTensorType Type, ImmutableArray<long> Dimensions, long Offset, long ByteLength)
{
    /// <summary>Elements over all dimensions.</summary>
    public long ElementCount => Dimensions.Aggregate(1L, (product, dimension) => checked(product * dimension));

    /// <summary>Name, type and dimensions, as messages have it.</summary>
    public override string ToString() => $"'{Name}' ({Type} [{string.Join(", ", Dimensions)}])";
}
