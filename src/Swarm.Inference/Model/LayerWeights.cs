using static TorchSharp.torch;

namespace Swarm.Inference.Model;

/// <summary>One layer.</summary>
/// <param name="InputNorm">Before attention.</param>
/// <param name="Attention">Attention, its output projection included.</param>
/// <param name="AttentionNorm">Of what attention gives; or none.</param>
/// <param name="FeedForwardNorm">Before the feed-forward network.</param>
/// <param name="GateUp">Gate and up, one below the other, [out, in].</param>
/// <param name="Down">The way back, [out, in].</param>
/// <param name="OutputNorm">Of what the feed-forward network gives; or none.</param>
internal sealed record LayerWeights(
    RmsNorm InputNorm, Attention Attention, RmsNorm? AttentionNorm, RmsNorm FeedForwardNorm, Tensor GateUp, Tensor Down, RmsNorm? OutputNorm);
