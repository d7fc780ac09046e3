using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Model;

/// <summary>Rotary position embedding (Su et al., arXiv 2104.09864) in Hugging Face's rotate-half form.</summary>
/// <remarks>Angles in double precision, rounded to fp32 once; computed for a step, so that no table limits the length.</remarks>
internal sealed class Rotary
{
    private readonly int _dimensions;
    private readonly double[] _frequencies;
    private readonly double _magnitude;

    public Rotary(int dimensions, double theta, RopeScaling? scaling)
    {
        _dimensions = dimensions;
        _magnitude = scaling?.AttentionFactor ?? 1;
        _frequencies = new double[dimensions / 2];
        for (var index = 0; index < _frequencies.Length; index++)
        {
            var frequency = new RopeFrequency(index, dimensions, theta);
            _frequencies[index] = scaling?.Scale(frequency) ?? frequency.Plain;
        }
    }

    /// <summary>Factors of a run of positions, each [count, 1, dimensions]: cosines, and sines with the first half negated.</summary>
    public (Tensor Cosines, Tensor Sines) Factors(int firstPosition, int count, Device device)
    {
        var half = _dimensions / 2;
        var cosines = new float[count * _dimensions];
        var sines = new float[count * _dimensions];
        for (var row = 0; row < count; row++)
        {
            var start = row * _dimensions;
            for (var index = 0; index < half; index++)
            {
                var (sine, cosine) = Math.SinCos((firstPosition + row) * _frequencies[index]);
                cosines[start + index] = cosines[start + half + index] = (float)(cosine * _magnitude);
                sines[start + index] = -(float)(sine * _magnitude);
                sines[start + half + index] = (float)(sine * _magnitude);
            }
        }

        return (tensor(cosines, [count, 1, _dimensions], device: device), tensor(sines, [count, 1, _dimensions], device: device));
    }

    /// <summary>Rotates heads [count, heads, dimensions], fp32: (a, b) becomes (a cos - b sin, b cos + a sin).</summary>
    public static Tensor Apply(Tensor heads, LayerSight sight) =>
        heads.mul(sight.Cosines).addcmul_(heads.roll(heads.shape[2] / 2, 2), sight.Sines, 1);
}
