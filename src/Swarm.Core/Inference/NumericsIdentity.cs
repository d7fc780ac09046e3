using System.Text;

namespace Swarm;

/// <summary>
/// What decides the bits of a computation beside the model and its inputs: engine, build, instruction set, number of threads, settings of
/// determinism. Two runtimes of one model with the same text give the same bits for the same steps; with others they may not.
/// </summary>
/// <remarks>It does not decide whether KV may be used: KV of another identity is of the same model, and differs by rounding.</remarks>
public readonly record struct NumericsIdentity
{
    /// <summary>Longest text, in bytes of UTF-8.</summary>
    public const int MaxBytes = 512;

    private const string UnknownText = "unknown";

    private readonly string? _text;

    /// <summary>Makes one of its canonical text: the same settings must give the same text, in every process and culture.</summary>
    /// <param name="text">1 to <see cref="MaxBytes"/> bytes of UTF-8 on one line.</param>
    /// <exception cref="ArgumentException">The text is empty, too long, or has control characters.</exception>
    public NumericsIdentity(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > MaxBytes || text.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"A numerics identity is one line of 1 to {MaxBytes} bytes of UTF-8, got {bytes} bytes. Shorten it, or put a digest of it there.",
                nameof(text));
        }

        _text = text;
    }

    /// <summary>Of a runtime that does not say. It is the same as no other, nor as itself.</summary>
    public static NumericsIdentity Unknown => default;

    /// <summary>Whether it does not say.</summary>
    public bool IsUnknown => _text is null or UnknownText;

    /// <summary>Whether both give the same bits.</summary>
    /// <param name="other">The other one.</param>
    /// <returns>Whether both are known and the same.</returns>
    public bool Matches(NumericsIdentity other) => !IsUnknown && this == other;

    /// <inheritdoc/>
    public override string ToString() => _text ?? UnknownText;
}
