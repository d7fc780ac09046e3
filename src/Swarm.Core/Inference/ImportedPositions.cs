using System.Collections;

namespace Swarm;

/// <summary>
/// Which positions of a cache were written from outside and wait for <see cref="IKvRuntime.CommitImported"/>, for each stream of each layer
/// group. For those who write an <see cref="IKvRuntime"/>. Safe for several threads.
/// </summary>
public sealed class ImportedPositions
{
    private readonly Lock _lock = new();
    private readonly int[] _firstStreams; // Of each group, among all.
    private readonly BitArray[] _written; // [stream among all] → [position]
    private int _end;

    /// <summary>Creates it, with nothing written.</summary>
    /// <param name="geometry">The model's geometry.</param>
    /// <param name="maxPositions">Positions that the cache can hold.</param>
    public ImportedPositions(KvGeometry geometry, int maxPositions)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        ArgumentOutOfRangeException.ThrowIfNegative(maxPositions);
        _firstStreams = new int[geometry.Groups.Length];
        for (var group = 1; group < _firstStreams.Length; group++)
        {
            _firstStreams[group] = _firstStreams[group - 1] + geometry.Groups[group - 1].Streams.Length;
        }

        _written = [.. Enumerable.Range(0, geometry.Groups.Sum(group => group.Streams.Length)).Select(_ => new BitArray(maxPositions))];
    }

    /// <summary>Behind the last position that may have been written; 0 for none.</summary>
    public int End
    {
        get
        {
            lock (_lock)
            {
                return _end;
            }
        }
    }

    /// <summary>Notes that positions are about to be written, so that <see cref="End"/> covers them.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="count">Positions.</param>
    public void Reserve(int firstPosition, int count)
    {
        lock (_lock)
        {
            _end = Math.Max(_end, firstPosition + count);
        }
    }

    /// <summary>Notes positions of a stream as written, in all layers of its group.</summary>
    /// <param name="group">Layer group of the geometry.</param>
    /// <param name="stream">Stream of the group.</param>
    /// <param name="firstPosition">First position.</param>
    /// <param name="count">Positions.</param>
    public void Mark(int group, int stream, int firstPosition, int count)
    {
        var written = _written[_firstStreams[group] + stream];
        lock (_lock)
        {
            for (var position = firstPosition; position < firstPosition + count; position++)
            {
                written[position] = true;
            }

            _end = Math.Max(_end, firstPosition + count);
        }
    }

    /// <summary>Checks that a runtime may commit up to a length.</summary>
    /// <param name="runtime">Which runtime.</param>
    /// <param name="length">The new length, <see cref="IKvRuntime.Length"/> to <see cref="IKvRuntime.MaxPositions"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is outside that range.</exception>
    /// <exception cref="InvalidOperationException">A stream of some position was not written.</exception>
    public void CheckCommit(IKvRuntime runtime, int length)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, runtime.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, runtime.MaxPositions);
        lock (_lock)
        {
            for (var position = runtime.Length; position < length; position++)
            {
                if (!Array.TrueForAll(_written, stream => stream[position]))
                {
                    throw new InvalidOperationException(
                        $"Position {position} was not written for every stream; write it, or commit at most {position} positions.");
                }
            }
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            if (_end > 0)
            {
                Array.ForEach(_written, stream => stream.SetAll(false));
                _end = 0;
            }
        }
    }
}
