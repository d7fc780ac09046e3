namespace Swarm;

/// <summary>How tokens are generated, and where that ends. Immutable; do not change the collections while it is in use.</summary>
public sealed record GenerateOptions
{
    /// <summary>
    /// Most tokens that are made, 0 or more; they must fit behind the context. <see langword="null"/> for as many as the runtime has room for, which
    /// with a spool are reserved one by one. Default <see langword="null"/>.
    /// </summary>
    public int? MaxTokens { get; init; }

    /// <summary>Token ids at which it ends, such as <see cref="ITextTokenizer.EndTokens"/>. Default none.</summary>
    public IReadOnlyCollection<int> StopTokens { get; init; } = [];

    /// <summary>Texts at which it ends, compared by ordinal; none of them is empty. They need a <see cref="Tokenizer"/>. Default none.</summary>
    public IReadOnlyCollection<string> StopStrings { get; init; } = [];

    /// <summary>Makes text of the tokens; <see langword="null"/> for tokens without text, the default.</summary>
    public ITextTokenizer? Tokenizer { get; init; }

    /// <summary>0 takes the likeliest token, the default; above, logits are divided by it. 0 to 100.</summary>
    public double Temperature { get; init; } = SamplerOptions.Greedy.Temperature;

    /// <summary>Only the so many likeliest tokens; 0 for all, the default.</summary>
    public int TopK { get; init; } = SamplerOptions.Greedy.TopK;

    /// <summary>Only the likeliest tokens that together reach this probability, in (0, 1]. Default 1.</summary>
    public double TopP { get; init; } = SamplerOptions.Greedy.TopP;

    /// <summary>Seed of the draws, which depend on it and the position alone. Default 0.</summary>
    public ulong Seed { get; init; } = SamplerOptions.Greedy.Seed;

    /// <summary>A sampler of these options.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    internal Sampler CreateSampler() => new(new SamplerOptions(Temperature, TopK, TopP, Seed));

    /// <summary>Refuses options that a runtime cannot be used with.</summary>
    /// <param name="vocabularySize">Number of the runtime's token ids.</param>
    /// <param name="parameter">Name of the parameter that the options came by.</param>
    /// <exception cref="ArgumentException">One is out of its range; the message names it.</exception>
    internal void Require(int vocabularySize, string parameter)
    {
        if (MaxTokens is < 0)
        {
            throw new ArgumentOutOfRangeException(
                parameter, MaxTokens, $"{nameof(MaxTokens)} is {MaxTokens}: give 0 or more, or null for as many as the runtime has room for.");
        }

        ArgumentNullException.ThrowIfNull(StopTokens);
        ArgumentNullException.ThrowIfNull(StopStrings);
        foreach (var token in StopTokens)
        {
            if ((uint)token >= (uint)vocabularySize)
            {
                throw new ArgumentException(
                    $"Token {token} of {nameof(StopTokens)} is outside 0 to {vocabularySize - 1}: the model never chooses it. Is it of another tokenizer?",
                    parameter);
            }
        }

        if (StopStrings.Any(string.IsNullOrEmpty))
        {
            throw new ArgumentException($"One of {nameof(StopStrings)} is empty or null: leave it out.", parameter);
        }

        if (StopStrings.Count > 0 && Tokenizer is null)
        {
            throw new ArgumentException(
                $"{nameof(StopStrings)} need a {nameof(Tokenizer)}, which makes text of the tokens: set it, or use {nameof(StopTokens)}.", parameter);
        }

        if (Tokenizer is not null && Tokenizer.VocabularySize > vocabularySize)
        {
            throw new ArgumentException(
                $"The {nameof(Tokenizer)} has {Tokenizer.VocabularySize} tokens, the model {vocabularySize}: it is of another model.", parameter);
        }

        _ = CreateSampler();
    }
}
