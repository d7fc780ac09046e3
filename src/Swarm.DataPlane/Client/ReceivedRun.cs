using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Client;

/// <summary>A run of KV as it came, not verified yet.</summary>
/// <param name="Head">What it is.</param>
/// <param name="Payload">The frames; to be disposed.</param>
internal sealed record ReceivedRun(KvHead Head, PooledBuffer Payload);
