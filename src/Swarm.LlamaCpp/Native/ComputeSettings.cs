using Swarm.Gguf;

namespace Swarm.LlamaCpp.Native;

/// <summary>What of the options llama.cpp is told for each context. A copy: options may change after a model was loaded.</summary>
/// <param name="Threads">Threads of a step.</param>
/// <param name="FlashAttention">Whether flash attention is on.</param>
/// <param name="KeyType">Type of cached keys.</param>
/// <param name="ValueType">Type of cached values.</param>
internal sealed record ComputeSettings(int Threads, bool FlashAttention, GgufTensorType KeyType, GgufTensorType ValueType)
{
    /// <summary>Takes them from checked options.</summary>
    public static ComputeSettings Of(LlamaCppOptions options) =>
        new(options.Threads, options.FlashAttention, TypeOf(options.KeyType), TypeOf(options.ValueType));

    /// <summary>Their part of the numerics identity.</summary>
    public override string ToString() =>
        $"threads {Threads}; {(FlashAttention ? "flash" : "plain")} attention; kv {NameOf(KeyType)} {NameOf(ValueType)}";

    /// <summary>A type's name, as the options have it.</summary>
    public static string NameOf(GgufTensorType type) => type switch
    {
        GgufTensorType.Float32 => "f32",
        GgufTensorType.Float16 => "f16",
        GgufTensorType.BFloat16 => "bf16",
        _ => type.ToString().ToLowerInvariant(),
    };

    private static GgufTensorType TypeOf(string name) => name switch
    {
        "f32" => GgufTensorType.Float32,
        "bf16" => GgufTensorType.BFloat16,
        "q8_0" => GgufTensorType.Q8_0,
        _ => GgufTensorType.Float16,
    };
}
