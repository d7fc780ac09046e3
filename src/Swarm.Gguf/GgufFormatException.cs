namespace Swarm.Gguf;

/// <summary>A GGUF file is malformed, or says something that is not supported.</summary>
/// <param name="message">Which file and which key or tensor, what is there, what is supported, and the remedy.</param>
/// <param name="innerException">The cause, if any.</param>
public sealed class GgufFormatException(string message, Exception? innerException = null)
    : Exception(message, innerException);
