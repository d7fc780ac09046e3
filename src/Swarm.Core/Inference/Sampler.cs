namespace Swarm;

/// <summary>Chooses the next token. The same logits, position and options give the same token in every process.</summary>
/// <remarks>
/// Random numbers come from a counter: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
/// 2014) of seed and position. So no generator's state has to travel, and none is lost in a crash or a rewind.
/// </remarks>
public sealed class Sampler
{
    private readonly SamplerOptions _options;
    private int[] _order = [];
    private double[] _weights = [];

    /// <summary>Creates a sampler. Not thread-safe.</summary>
    /// <param name="options">How to choose.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public Sampler(SamplerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!(options.Temperature is >= 0 and <= 100 && options.TopK >= 0 && options.TopP is > 0 and <= 1))
        {
            throw new ArgumentException(
                $"Temperature {options.Temperature} must be 0 to 100, top-k {options.TopK} 0 or more, top-p {options.TopP} in "
                + "(0, 1].",
                nameof(options));
        }

        _options = options;
    }

    /// <summary>How it chooses.</summary>
    public SamplerOptions Options => _options;

    /// <summary>Chooses the token of a position.</summary>
    /// <param name="logits">One for each token id; negative infinity forbids a token.</param>
    /// <param name="position">Position of the token that is chosen.</param>
    /// <returns>A token id.</returns>
    /// <exception cref="ArgumentException">
    /// There are no logits, one is not a number or positive infinity, or all are negative infinity.
    /// </exception>
    public int Sample(ReadOnlySpan<float> logits, long position)
    {
        if (logits.IsEmpty)
        {
            throw new ArgumentException("There are no logits to choose from.", nameof(logits));
        }

        var best = 0;
        for (var token = 0; token < logits.Length; token++)
        {
            if (float.IsNaN(logits[token]) || float.IsPositiveInfinity(logits[token]))
            {
                throw new ArgumentException(
                    $"The logit of token {token} is {logits[token]}: the model's weights or its KV are damaged.",
                    nameof(logits));
            }

            best = logits[token] > logits[best] ? token : best;
        }

        if (float.IsNegativeInfinity(logits[best]))
        {
            throw new ArgumentException($"None of {logits.Length} logits allows a token.", nameof(logits));
        }

        return _options.Temperature == 0 || _options.TopK == 1 ? best : Draw(logits, logits[best], position);
    }

    private int Draw(ReadOnlySpan<float> logits, float highest, long position)
    {
        if (_order.Length != logits.Length)
        {
            _order = new int[logits.Length];
            _weights = new double[logits.Length];
        }

        for (var token = 0; token < logits.Length; token++)
        {
            _order[token] = token;
            _weights[token] = -Math.Exp((logits[token] - (double)highest) / _options.Temperature);
        }

        // Likeliest first, lower ids first among equals; weights are negative so that ascending order does it.
        var keys = _weights;
        Array.Sort(_order, (left, right) =>
        {
            var order = keys[left].CompareTo(keys[right]);
            return order != 0 ? order : left.CompareTo(right);
        });

        var count = _options.TopK == 0 ? logits.Length : Math.Min(_options.TopK, logits.Length);
        var total = 0.0;
        for (var index = 0; index < count; index++)
        {
            total -= keys[_order[index]];
        }

        var kept = 0.0;
        var last = 0;
        while (last < count && (last == 0 || kept < _options.TopP * total))
        {
            kept -= keys[_order[last++]];
        }

        var target = Uniform(_options.Seed, position) * kept;
        for (var index = 0; index < last; index++)
        {
            target += keys[_order[index]];
            if (target < 0)
            {
                return _order[index];
            }
        }

        return _order[last - 1];
    }

    /// <summary>A number in [0, 1) that depends on seed and position alone.</summary>
    private static double Uniform(ulong seed, long position)
    {
        var value = Mix(Mix(seed) + (ulong)position);
        return (value >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
