using static TorchSharp.torch;

namespace Swarm.Inference.Model;

/// <summary>Weights of one layer, each [out, in] as Hugging Face stores them; those of one input are joined.</summary>
/// <param name="InputNorm">Before attention.</param>
/// <param name="QueryKeyValue">Q, K and V, one below the other.</param>
/// <param name="Output">Behind attention.</param>
/// <param name="PostNorm">Before the feed-forward network.</param>
/// <param name="GateUp">Gate and up, one below the other.</param>
/// <param name="Down">The way back.</param>
internal sealed record LayerWeights(
    Tensor InputNorm, Tensor QueryKeyValue, Tensor Output, Tensor PostNorm, Tensor GateUp, Tensor Down);
