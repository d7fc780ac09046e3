namespace Swarm.DataPlane.Client;

/// <summary>A read of KV that waits for its runs.</summary>
/// <param name="target">Where they may go; <see langword="null"/> for buffers alone.</param>
internal sealed class PendingKv(KvReceiveTarget? target) : PendingStream<ReceivedRun>(null)
{
    /// <summary>Where runs may go.</summary>
    public KvReceiveTarget? Target { get; } = target;
}
