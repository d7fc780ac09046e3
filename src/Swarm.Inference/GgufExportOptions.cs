using Swarm.Gguf;

namespace Swarm.Inference;

/// <summary>How <see cref="LlamaModel.ExportGguf"/> writes a model.</summary>
public sealed record GgufExportOptions
{
    /// <summary>
    /// Type of the matrices: <see cref="GgufTensorType.Float32"/>, <see cref="GgufTensorType.Float16"/>, <see cref="GgufTensorType.BFloat16"/> or
    /// <see cref="GgufTensorType.Q8_0"/>. Norms, biases and rotary factors are always fp32; with Q8_0, a matrix whose rows are not whole blocks of 32
    /// is written in Float16.
    /// </summary>
    public GgufTensorType Type { get; init; } = GgufTensorType.Float32;

    /// <summary>Keys that begin with <c>tokenizer.</c>, in the order in which they are written; empty for no vocabulary (<c>no_vocab</c>).</summary>
    public IReadOnlyList<KeyValuePair<string, GgufValue>> Vocabulary { get; init; } = [];
}
