namespace Swarm.Clustering.Holders;

/// <summary>Another silo has the store. Not retryable while that one lives.</summary>
/// <param name="message">Who has it, and what to do.</param>
public sealed class StoreHeldException(string message) : Exception(message);
