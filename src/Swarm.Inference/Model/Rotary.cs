using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Model;

/// <summary>Rotary position embedding (Su et al., arXiv 2104.09864) in Hugging Face's rotate-half form.</summary>
/// <remarks>Angles in double precision, rounded to fp32 once; computed for a step, so that no table limits the length.</remarks>
internal sealed class Rotary
{
    private readonly int _headDim;
    private readonly double[] _frequencies;

    public Rotary(int headDim, double theta, RopeScaling? scaling)
    {
        _headDim = headDim;
        _frequencies = new double[headDim / 2];
        for (var index = 0; index < _frequencies.Length; index++)
        {
            var frequency = Math.Pow(theta, -2.0 * index / headDim);
            _frequencies[index] = scaling?.Scale(frequency) ?? frequency;
        }
    }

    /// <summary>Factors of a run of positions, each [count, 1, head]: cosines, and sines with the first half negated.</summary>
    public (Tensor Cosines, Tensor Sines) Factors(int firstPosition, int count, Device device)
    {
        var half = _headDim / 2;
        var cosines = new float[count * _headDim];
        var sines = new float[count * _headDim];
        for (var row = 0; row < count; row++)
        {
            var start = row * _headDim;
            for (var index = 0; index < half; index++)
            {
                var (sine, cosine) = Math.SinCos((firstPosition + row) * _frequencies[index]);
                cosines[start + index] = cosines[start + half + index] = (float)cosine;
                sines[start + index] = -(float)sine;
                sines[start + half + index] = (float)sine;
            }
        }

        return (tensor(cosines, [count, 1, _headDim], device: device), tensor(sines, [count, 1, _headDim], device: device));
    }

    /// <summary>Rotates heads [count, heads, head], fp32: (a, b) becomes (a cos - b sin, b cos + a sin).</summary>
    public Tensor Apply(Tensor heads, Tensor cosines, Tensor sines) =>
        heads.mul(cosines).addcmul_(heads.roll(_headDim / 2, 2), sines, 1);
}
