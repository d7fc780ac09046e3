using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Xunit;

namespace Swarm.Testing.Fuzzing;

/// <summary>Feeds one parser the inputs of its corpus, then mutated ones: a value or its typed error, soon, and within little memory.</summary>
/// <remarks>
/// Every test run takes a few inputs from a fixed seed. A long one is asked for by <see cref="InputsVariable"/>, and then
/// draws and prints its seed. Inputs that make the parser behave in a new way are mutated further, and with
/// <see cref="KeepVariable"/> added to the corpus file.
/// </remarks>
public sealed class FuzzRun
{
    /// <summary>The environment variable with the mutated inputs of each parser.</summary>
    public const string InputsVariable = "SWARM_FUZZ_INPUTS";

    /// <summary>The environment variable that, when 1, lets a run write what is new into the repository's corpus.</summary>
    public const string KeepVariable = "SWARM_FUZZ_KEEP";

    /// <summary>Bytes that a parser may allocate for any input: exceptions with their stack traces.</summary>
    public const int SlackBytes = 64 << 10;

    /// <summary>Bytes that a parser may allocate for each byte of input: a list item of a few bytes becomes an object.</summary>
    public const int BytesPerByte = 32;

    private const int DefaultInputs = 20_000;
    private const int DefaultSeed = 1;
    private const int MaxPool = 256;
    private const int MaxKept = 24;
    private const int MaxKeptBytes = 1 << 10;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20); // Of a machine that does other work too.

    private readonly string _name;
    private readonly FuzzCorpus _corpus;
    private readonly HashSet<string> _labels = new(StringComparer.Ordinal);
    private readonly List<byte[]> _sound = [];
    private readonly List<byte[]> _refused = [];
    private readonly long _inputs;
    private readonly int _seed;
    private long _maxAllocated;

    /// <summary>Sets a run up, and prints its seed when it is a long one.</summary>
    /// <param name="name">The parser.</param>
    /// <param name="corpusPath">File of the corpus, relative to the folder of Swarm.sln.</param>
    public FuzzRun(string name, string corpusPath)
    {
        _name = name;
        _corpus = new FuzzCorpus(corpusPath);
        var asked = Environment.GetEnvironmentVariable(InputsVariable) is { Length: > 0 } text;
        _inputs = asked ? long.Parse(Environment.GetEnvironmentVariable(InputsVariable)!, CultureInfo.InvariantCulture) : DefaultInputs;
        _seed = Environment.GetEnvironmentVariable(SeededTest.Variable) is { Length: > 0 } seed
            ? int.Parse(seed, CultureInfo.InvariantCulture)
            : asked ? RandomNumberGenerator.GetInt32(int.MaxValue) : DefaultSeed;
    }

    /// <summary>Runs.</summary>
    /// <param name="seeds">Sound inputs.</param>
    /// <param name="mutate">Makes another input out of one; what it gives may be mutated again.</param>
    /// <param name="parse">The parser.</param>
    /// <param name="isTypedError">Whether an exception is how the parser refuses bytes.</param>
    /// <returns>How many mutated inputs gave a value.</returns>
    public long Run(
        IReadOnlyList<byte[]> seeds,
        Func<byte[], Random, byte[]> mutate,
        Func<byte[], FuzzOutcome> parse,
        Predicate<Exception> isTypedError)
    {
        foreach (var input in seeds.Concat(_corpus.Inputs).ToArray())
        {
            Note(input, Feed(input, parse, isTypedError, "corpus"), mayKeep: false);
        }

        var started = Stopwatch.GetTimestamp();
        var random = new Random(_seed);
        long values = 0;
        for (long round = 0; round < _inputs; round++)
        {
            var pool = _refused.Count > 0 && random.Next(4) == 0 ? _refused : _sound;
            var input = mutate(pool[random.Next(pool.Count)], random);
            var outcome = Feed(input, parse, isTypedError, round);
            values += outcome.IsValue ? 1 : 0;
            Note(input, outcome, mayKeep: true);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_name}: {_inputs} mutated inputs, seed {_seed} (again: {SeededTest.Variable}={_seed} {InputsVariable}={_inputs}), "
            + $"{values} gave a value, {_labels.Count} behaviours, at most {_maxAllocated} bytes allocated, "
            + $"{Stopwatch.GetElapsedTime(started).TotalSeconds:f1} s"));
        return values;
    }

    private (string Label, bool IsValue) Feed(
        byte[] input, Func<byte[], FuzzOutcome> parse, Predicate<Exception> isTypedError, object round)
    {
        var started = Stopwatch.GetTimestamp();
        var before = GC.GetAllocatedBytesForCurrentThread();
        FuzzOutcome outcome = default;
        string? error = null;
        try
        {
            outcome = parse(input);
        }
        catch (Exception refused) when (isTypedError(refused))
        {
            error = refused.Message;
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException(Where(input, round, $"{fault.GetType().Name} escaped"), fault);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        _maxAllocated = Math.Max(_maxAllocated, allocated);
        if (allocated > SlackBytes + ((long)input.Length * BytesPerByte))
        {
            throw new InvalidOperationException(Where(input, round, $"{allocated} bytes allocated"));
        }

        if (Stopwatch.GetElapsedTime(started) > Limit)
        {
            throw new InvalidOperationException(Where(input, round, $"took {Stopwatch.GetElapsedTime(started)}"));
        }

        try
        {
            outcome.Check?.Invoke();
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException(Where(input, round, "gave a value that must not be"), fault);
        }

        return error is null ? (outcome.Label, true) : (Shape(error), false);
    }

    private void Note(byte[] input, (string Label, bool IsValue) outcome, bool mayKeep)
    {
        if (!_labels.Add(outcome.Label))
        {
            return;
        }

        var pool = outcome.IsValue ? _sound : _refused;
        if (pool.Count < MaxPool)
        {
            pool.Add(input);
        }

        if (mayKeep
            && _corpus.Inputs.Count < MaxKept
            && input.Length <= MaxKeptBytes
            && Environment.GetEnvironmentVariable(KeepVariable) == "1")
        {
            _corpus.Keep(input);
        }
    }

    private string Where(byte[] input, object round, string what) =>
        $"{_name}, seed {_seed}, round {round}: {what} for {input.Length} bytes {Convert.ToHexString(input)}";

    /// <summary>An error's message without its numbers and quotes: what is the same behaviour has the same shape.</summary>
    private static string Shape(string message)
    {
        var quote = message.IndexOf('\'', StringComparison.Ordinal);
        var words = (quote < 0 ? message : message[..quote]).Split(' ');
        return string.Join(' ', words.Select(word => word.Any(char.IsAsciiLetterLower) && !word.Any(char.IsAsciiDigit) ? word : "#"));
    }
}
