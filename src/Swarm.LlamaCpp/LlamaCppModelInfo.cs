namespace Swarm;

/// <summary>What a GGUF file says of its model.</summary>
/// <param name="Architecture">Such as <c>llama</c>, <c>qwen3</c> or <c>gemma3</c>.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="ContextLength">Positions that it was trained for: most that a runtime may have.</param>
/// <param name="VocabularySize">Number of token ids.</param>
/// <param name="HasTokenizer">Whether the file has a vocabulary of texts.</param>
/// <param name="ParameterCount">Number of its weights.</param>
public sealed record LlamaCppModelInfo(
    string Architecture, int Layers, int ContextLength, int VocabularySize, bool HasTokenizer, long ParameterCount);
