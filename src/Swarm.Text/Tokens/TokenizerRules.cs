namespace Swarm.Text.Tokens;

/// <summary>All that a tokenizer does, as a file says it. Immutable.</summary>
internal sealed record TokenizerRules
{
    /// <summary>The most token ids. Ids decide how long tables are, so a file cannot ask for any.</summary>
    public const int MaxTokens = 1 << 21;

    /// <summary>Digest over what decides token ids.</summary>
    public required string Identity { get; init; }

    /// <summary>The tokens by id; <see langword="null"/> where there is none.</summary>
    public required VocabularyToken?[] Tokens { get; init; }

    /// <summary>Tokens that are looked for before all else.</summary>
    public required IReadOnlyList<AddedToken> Added { get; init; }

    /// <summary>What is done to text between added tokens that are not normalized.</summary>
    public required IReadOnlyList<TextNormalizer> Normalizers { get; init; }

    /// <summary>How normalized text is cut.</summary>
    public required IReadOnlyList<PreTokenizer> Steps { get; init; }

    /// <summary>Whether the model's text is bytes in <see cref="ByteAlphabet"/>.</summary>
    public required bool IsByteLevel { get; init; }

    /// <summary>What makes tokens of a piece.</summary>
    public required BpeModel Model { get; init; }

    /// <summary>How many spaces are taken away where a decoded text begins.</summary>
    public required int StripsSpaces { get; init; }

    /// <summary>Tokens that begin a text.</summary>
    public required IReadOnlyList<int> BeginTokens { get; init; }
}

/// <summary>A token of a vocabulary.</summary>
/// <param name="Text">Its text as the file has it.</param>
/// <param name="Bytes">What it decodes to, in UTF-8; empty for a special one.</param>
/// <param name="IsSpecial">Whether it is of the model's control language.</param>
internal sealed record VocabularyToken(string Text, byte[] Bytes, bool IsSpecial);
