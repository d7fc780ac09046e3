using Swarm.Inference.Cache;
using static TorchSharp.torch;

namespace Swarm.Inference.Model;

/// <summary>What the layers of one kind, with a window or without, see in one step.</summary>
/// <param name="First">First position that is looked at, a block's first.</param>
/// <param name="Mask">
/// 0 where a token may look, negative infinity where it may not, [1, 1, count, positions from <paramref name="First"/> on]; none where all may see all.
/// </param>
/// <param name="Cosines">Of the step's positions; see <see cref="Rotary.Factors"/>.</param>
/// <param name="Sines">Likewise.</param>
internal sealed record LayerSight(int First, Tensor? Mask, Tensor Cosines, Tensor Sines)
{
    /// <summary>Makes it for a step.</summary>
    /// <param name="window">Positions that a token sees, its own among them; none for all.</param>
    /// <param name="past">Positions before the step.</param>
    /// <param name="count">Positions of the step.</param>
    /// <param name="rotary">The rotary embedding of these layers.</param>
    /// <param name="type">Type of the mask.</param>
    /// <param name="device">Where it is needed.</param>
    public static LayerSight Of(int? window, int past, int count, Rotary rotary, ScalarType type, Device device)
    {
        var oldest = window is { } size ? Math.Max(0, past + 1 - size) : 0; // That the step's first token sees.
        var first = oldest - (oldest % KvBlockPool.BlockTokens);
        var (cosines, sines) = rotary.Factors(past, count, device);
        if (count == 1 && first == oldest)
        {
            return new LayerSight(first, null, cosines, sines);
        }

        var mask = full([count, past + count - first], float.NegativeInfinity, type, device).triu_(past - first + 1);
        if (window is { } width && past + count > width)
        {
            mask.add_(full(mask.shape, float.NegativeInfinity, type, device).tril_(past - first - width));
        }

        return new LayerSight(first, mask.view(1, 1, count, past + count - first), cosines, sines);
    }
}
