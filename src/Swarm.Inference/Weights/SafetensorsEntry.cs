namespace Swarm.Inference.Weights;

/// <summary>A tensor in a safetensors file.</summary>
/// <param name="DType">As the file names it, such as F32, BF16, F16 or I64.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Offset">First byte, from the start of the data.</param>
/// <param name="Length">Bytes.</param>
public sealed record SafetensorsEntry(string DType, IReadOnlyList<long> Shape, long Offset, long Length);
