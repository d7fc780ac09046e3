namespace Swarm.Inference.Tests.Model;

/// <summary>The contract of a KV runtime, in bfloat16.</summary>
public sealed class LlamaRuntimeBFloat16Tests : LlamaRuntimeTests
{
    /// <inheritdoc/>
    protected override KvDType DType => KvDType.BFloat16;
}
