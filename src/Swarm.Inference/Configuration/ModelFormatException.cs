namespace Swarm.Inference.Configuration;

/// <summary>A model's files are malformed, or of an architecture or shape that is not supported.</summary>
/// <param name="message">Which file and field, what is there, and what is supported.</param>
/// <param name="innerException">The cause, if any.</param>
public sealed class ModelFormatException(string message, Exception? innerException = null)
    : Exception(message, innerException);
