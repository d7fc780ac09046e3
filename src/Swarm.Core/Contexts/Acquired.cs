namespace Swarm.Core.Contexts;

/// <summary>A durable acquisition.</summary>
/// <param name="Epoch">The epoch granted.</param>
/// <param name="Durable">Watermarks at the grant: what the new session finds.</param>
public sealed record Acquired(Epoch Epoch, Watermarks Durable);
