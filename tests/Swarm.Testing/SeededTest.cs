using System.Globalization;
using System.Security.Cryptography;
using Xunit;

namespace Swarm.Testing;

/// <summary>Random numbers of one test, made again by giving the printed seed in the variable <c>SWARM_SEED</c>.</summary>
public sealed class SeededTest
{
    /// <summary>The environment variable with the seed.</summary>
    public const string Variable = "SWARM_SEED";

    private int _children;

    /// <summary>Takes the seed from <see cref="Variable"/>, or draws one, and prints it into the test's output.</summary>
    public SeededTest()
        : this(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : RandomNumberGenerator.GetInt32(int.MaxValue))
    {
    }

    /// <summary>Uses a given seed.</summary>
    public SeededTest(int seed)
    {
        Seed = seed;
        Random = new Random(seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}: run again with {Variable}={seed}");
    }

    /// <summary>The seed.</summary>
    public int Seed { get; }

    /// <summary>The generator; for one thread at a time.</summary>
    public Random Random { get; }

    /// <summary>A generator for another thread; the n-th call gives the same one for the same seed.</summary>
    public Random Fork() => new(HashCode(Seed, Interlocked.Increment(ref _children)));

    /// <summary>Random bytes.</summary>
    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        Random.NextBytes(bytes);
        return bytes;
    }

    // Not System.HashCode, which differs from run to run.
    private static int HashCode(int seed, int child) => unchecked((seed * 486_187_739) + (child * 16_777_619));
}
