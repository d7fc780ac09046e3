using static TorchSharp.torch;

namespace Swarm.Inference.Model;

/// <summary>RMSNorm (Zhang and Sennrich, arXiv 1910.07467) over the last dimension, its mean in fp32.</summary>
/// <param name="weight">What is scaled by, [width]: of the input's type, or fp32 where <paramref name="isWide"/>.</param>
/// <param name="epsilon">Added to the mean square.</param>
/// <param name="isWide">Whether it is scaled in fp32 and rounded after, as of families that add 1 to their weights.</param>
internal sealed class RmsNorm(Tensor weight, double epsilon, bool isWide)
{
    /// <summary>Normalises. Gives a tensor of the input's shape and type.</summary>
    public Tensor Apply(Tensor input)
    {
        var wide = input.to(ScalarType.Float32);
        var scale = wide.square().mean([-1], true).add_(epsilon).rsqrt_();
        var normal = wide.mul(scale);
        return isWide ? normal.mul_(weight).to(input.dtype) : normal.to(input.dtype).mul_(weight);
    }
}
