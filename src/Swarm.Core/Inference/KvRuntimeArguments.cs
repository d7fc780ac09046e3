namespace Swarm;

/// <summary>The checks that <see cref="IKvRuntime"/> and <see cref="IKvMemory"/> ask of every runtime, for those who write one.</summary>
public static class KvRuntimeArguments
{
    /// <summary>Checks a step.</summary>
    /// <param name="runtime">Whose step.</param>
    /// <param name="tokens">1 to <see cref="IKvRuntime.MaxStepTokens"/> token ids.</param>
    /// <param name="logits">Room for <see cref="IKvRuntime.VocabularySize"/> logits.</param>
    /// <exception cref="ArgumentException">A token is out of range, there are too many or none, or <paramref name="logits"/> is too short.</exception>
    /// <exception cref="InvalidOperationException">The cache has no room for them.</exception>
    public static void CheckStep(IKvRuntime runtime, ReadOnlySpan<int> tokens, ReadOnlySpan<float> logits)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        if (tokens.IsEmpty || tokens.Length > runtime.MaxStepTokens)
        {
            throw new ArgumentException(
                $"A step has 1 to {runtime.MaxStepTokens} tokens, got {tokens.Length}; feed longer inputs in chunks.", nameof(tokens));
        }

        if (tokens.IndexOfAnyExceptInRange(0, runtime.VocabularySize - 1) is >= 0 and var index)
        {
            throw new ArgumentException($"Token {tokens[index]} is outside 0 to {runtime.VocabularySize - 1}.", nameof(tokens));
        }

        if (logits.Length < runtime.VocabularySize)
        {
            throw new ArgumentException(
                $"There is room for {logits.Length} logits; {runtime.VocabularySize} are computed.", nameof(logits));
        }

        CheckRoom(runtime, runtime.Length, tokens.Length);
    }

    /// <summary>Checks what <see cref="IKvRuntime.ReadKv"/> is asked for.</summary>
    /// <param name="runtime">Whose KV.</param>
    /// <param name="group">Layer group of the geometry.</param>
    /// <param name="stream">Stream of the group.</param>
    /// <param name="firstPosition">First position.</param>
    /// <param name="count">Positions.</param>
    /// <param name="destinationBytes">Bytes of the destination.</param>
    /// <exception cref="ArgumentException">There is no such group or stream, a position is not in the cache, or the bytes are not exactly that many.</exception>
    public static void CheckRead(IKvRuntime runtime, int group, int stream, int firstPosition, int count, int destinationBytes)
    {
        CheckStream(runtime, group, stream, firstPosition, count);
        CheckBytes(runtime, group, stream, count, destinationBytes, "destination");
        if ((long)firstPosition + count > runtime.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), count, $"Positions {firstPosition} to {(long)firstPosition + count} are not all in the cache of {runtime.Length}.");
        }
    }

    /// <summary>Checks what <see cref="IKvRuntime.WriteKv"/> is given.</summary>
    /// <param name="runtime">Whose KV.</param>
    /// <param name="group">Layer group of the geometry.</param>
    /// <param name="stream">Stream of the group.</param>
    /// <param name="firstPosition">First position, at or behind <see cref="IKvRuntime.Length"/>.</param>
    /// <param name="count">Positions.</param>
    /// <param name="sourceBytes">Bytes of the source.</param>
    /// <exception cref="ArgumentException">There is no such group or stream, a position is in use, or the bytes are not exactly that many.</exception>
    /// <exception cref="InvalidOperationException">The cache has no room for them.</exception>
    public static void CheckWrite(IKvRuntime runtime, int group, int stream, int firstPosition, int count, int sourceBytes)
    {
        CheckStream(runtime, group, stream, firstPosition, count);
        CheckBytes(runtime, group, stream, count, sourceBytes, "source");
        CheckUnused(runtime, firstPosition, count);
    }

    /// <summary>Checks what <see cref="IKvMemory.GetRows"/> is asked for.</summary>
    /// <param name="runtime">Whose rows.</param>
    /// <param name="group">Layer group of the geometry.</param>
    /// <param name="stream">Stream of the group.</param>
    /// <param name="layer">Layer, by its place in the group.</param>
    /// <param name="firstPosition">First position, at or behind <see cref="IKvRuntime.Length"/>.</param>
    /// <param name="count">Positions, at least 1.</param>
    /// <exception cref="ArgumentException">There are no such rows, or they are in use.</exception>
    /// <exception cref="InvalidOperationException">The cache has no room for them.</exception>
    public static void CheckRows(IKvRuntime runtime, int group, int stream, int layer, int firstPosition, int count)
    {
        CheckStream(runtime, group, stream, firstPosition, count);
        ArgumentOutOfRangeException.ThrowIfZero(count);
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, runtime.Model.Geometry.Groups[group].Layers.Length);
        CheckUnused(runtime, firstPosition, count);
    }

    /// <summary>Checks what <see cref="IKvMemory.MarkWritten"/> is told.</summary>
    /// <param name="runtime">Whose rows.</param>
    /// <param name="group">Layer group of the geometry.</param>
    /// <param name="stream">Stream of the group.</param>
    /// <param name="firstPosition">First position, at or behind <see cref="IKvRuntime.Length"/>.</param>
    /// <param name="count">Positions.</param>
    /// <exception cref="ArgumentException">There are no such rows, or they are in use.</exception>
    /// <exception cref="InvalidOperationException">The cache has no room for them.</exception>
    public static void CheckMark(IKvRuntime runtime, int group, int stream, int firstPosition, int count)
    {
        CheckStream(runtime, group, stream, firstPosition, count);
        CheckUnused(runtime, firstPosition, count);
    }

    /// <summary>Checks the length that a runtime is to be cut to.</summary>
    /// <param name="runtime">Which runtime.</param>
    /// <param name="length">Positions to keep, 0 to <see cref="IKvRuntime.Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is outside that range.</exception>
    public static void CheckTruncate(IKvRuntime runtime, int length)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, runtime.Length);
    }

    private static void CheckUnused(IKvRuntime runtime, int firstPosition, int count)
    {
        if (firstPosition < runtime.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstPosition), firstPosition, $"Positions below {runtime.Length} are in use; truncate before importing there.");
        }

        CheckRoom(runtime, firstPosition, count);
    }

    private static void CheckRoom(IKvRuntime runtime, int firstPosition, int count)
    {
        if ((long)firstPosition + count > runtime.MaxPositions)
        {
            throw new InvalidOperationException(
                $"The cache holds {runtime.MaxPositions} positions; {count} more behind {firstPosition} do not fit. Truncate, or create the "
                + "runtime with more.");
        }
    }

    private static void CheckBytes(IKvRuntime runtime, int group, int stream, int count, int bytes, string parameter)
    {
        var kv = runtime.Model.Geometry.Groups[group];
        var needed = (long)count * kv.FrameBytesPerPosition(stream);
        if (bytes != needed)
        {
            throw new ArgumentException($"{count} positions of stream '{kv.Streams[stream].Name}' are {needed} bytes, got {bytes}.", parameter);
        }
    }

    private static void CheckStream(IKvRuntime runtime, int group, int stream, int firstPosition, int count)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentOutOfRangeException.ThrowIfNegative(group);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(group, runtime.Model.Geometry.Groups.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(stream);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(stream, runtime.Model.Geometry.Groups[group].Streams.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
    }
}
