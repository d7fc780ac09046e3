using System.Buffers;

namespace Swarm.Format.Segments;

/// <summary>A link of a sequence of memory that is not copied together.</summary>
internal sealed class SequencePart : ReadOnlySequenceSegment<byte>
{
    private SequencePart(ReadOnlyMemory<byte> memory, long runningIndex)
    {
        Memory = memory;
        RunningIndex = runningIndex;
    }

    /// <summary>Chains memory.</summary>
    /// <param name="first">What comes first.</param>
    /// <param name="rest">What follows, in order.</param>
    public static ReadOnlySequence<byte> Chain(ReadOnlyMemory<byte> first, IReadOnlyList<ReadOnlyMemory<byte>> rest)
    {
        var start = new SequencePart(first, 0);
        var end = start;
        foreach (var memory in rest)
        {
            var part = new SequencePart(memory, end.RunningIndex + end.Memory.Length);
            end.Next = part;
            end = part;
        }

        return new ReadOnlySequence<byte>(start, 0, end, end.Memory.Length);
    }
}
