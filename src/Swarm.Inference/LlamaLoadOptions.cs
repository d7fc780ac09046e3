namespace Swarm.Inference;

/// <summary>How <see cref="LlamaModel.Load(string, LlamaLoadOptions)"/> loads a model. What is set here is part of the fingerprint.</summary>
public sealed record LlamaLoadOptions
{
    /// <summary>Name or digest of the tokenizer.</summary>
    public string Tokenizer { get; init; } = "";

    /// <summary>
    /// Type of weights, activations and KV: <see cref="KvDType.Float32"/> or <see cref="KvDType.BFloat16"/>. <see langword="null"/> for what
    /// <c>config.json</c> names in <c>dtype</c> or <c>torch_dtype</c>, where float16 is computed in float32, which loses nothing.
    /// </summary>
    public KvDType? ComputeType { get; init; }

    /// <summary>
    /// Directory of a LoRA adapter as PEFT writes it (<c>adapter_config.json</c>, <c>adapter_model.safetensors</c>), merged into the weights;
    /// <see langword="null"/> for none.
    /// </summary>
    public string? AdapterDirectory { get; init; }
}
