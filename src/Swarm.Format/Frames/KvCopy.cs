namespace Swarm.Format.Frames;

/// <summary>Fills a buffer with a runtime's KV, see <see cref="IKvRuntime.ReadKv"/>.</summary>
public delegate void KvCopyOut(int group, int stream, int firstPosition, int count, Span<byte> destination);

/// <summary>Takes KV into a runtime, see <see cref="IKvRuntime.WriteKv"/>.</summary>
public delegate void KvCopyIn(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source);
