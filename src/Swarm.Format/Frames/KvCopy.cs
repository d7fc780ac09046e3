namespace Swarm.Format.Frames;

/// <summary>Fills a buffer with a runtime's KV, see <see cref="Core.Inference.IKvRuntime.ReadKv"/>.</summary>
public delegate void KvCopyOut(int group, int stream, int firstPosition, int count, Span<byte> destination);

/// <summary>Takes KV into a runtime, see <see cref="Core.Inference.IKvRuntime.WriteKv"/>.</summary>
public delegate void KvCopyIn(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source);
