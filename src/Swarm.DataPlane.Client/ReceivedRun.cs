using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Client;

/// <summary>A run of KV as it came.</summary>
/// <param name="Head">What it is.</param>
/// <param name="Payload">The frames, not verified yet; to be disposed. <see langword="null"/> where they were received in place.</param>
/// <param name="InPlace">How they were received in place.</param>
internal sealed record ReceivedRun(KvHead Head, PooledBuffer? Payload, KvInPlace? InPlace);
