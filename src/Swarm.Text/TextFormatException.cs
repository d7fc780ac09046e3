namespace Swarm;

/// <summary>A tokenizer's or a chat template's file is malformed, or says something that is not supported.</summary>
/// <param name="message">Which file, where in it (JSON path, key, or line and column), what is there, what is supported, and the remedy.</param>
/// <param name="innerException">The cause, if any.</param>
public sealed class TextFormatException(string message, Exception? innerException = null)
    : Exception(message, innerException);
