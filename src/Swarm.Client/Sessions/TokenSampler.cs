namespace Swarm.Client.Sessions;

/// <summary>Chooses the next token.</summary>
/// <param name="logits">Logits behind the last position. Not to be kept.</param>
/// <param name="position">Position of the token that is chosen: with a seed it makes the choice reproducible.</param>
/// <returns>A token id.</returns>
public delegate int TokenSampler(ReadOnlySpan<float> logits, long position);
