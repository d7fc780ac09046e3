namespace Swarm;

/// <summary>llama.cpp refused a model, failed, or does not do what this library was made for.</summary>
/// <param name="message">What was asked for, what llama.cpp said, what is supported, and the remedy.</param>
/// <param name="innerException">The cause, if any.</param>
public sealed class LlamaCppException(string message, Exception? innerException = null)
    : Exception(message, innerException);
