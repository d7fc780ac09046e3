using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Swarm.Core.Identity;

namespace Swarm.Client.Spool;

/// <summary>Builds one record at a time in a buffer that is used again.</summary>
internal sealed class SpoolBuffer
{
    private byte[] _bytes = new byte[1024];
    private int _length;

    /// <summary>Bytes that a step's record takes on disk.</summary>
    public static long StepBytes(int tokens, IReadOnlyList<NamedState> states) =>
        SpoolFormat.RecordOverheadBytes + 14L + (4L * tokens) + states.Sum(state => (long)StateBodyBytes(state));

    /// <summary>Bytes that a state's record takes on disk.</summary>
    public static long StateBytes(NamedState state) => SpoolFormat.RecordOverheadBytes + (long)StateBodyBytes(state);

    /// <summary>Builds a segment's first bytes and its header. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> SegmentStart(SpoolHeader header, ulong sequence)
    {
        _length = 0;
        SpoolFormat.WritePreamble(Take(SpoolFormat.PreambleBytes));
        Take(SpoolFormat.RecordHeaderBytes);
        UInt64(sequence);
        Text(header.Tenant);
        Text(header.Agent);
        Text(header.Context);
        Digest(header.Model.Value);
        UInt64(header.Epoch.Value);
        header.Secret.Bytes.CopyTo(Take(header.Secret.Bytes.Length));
        Take(1)[0] = header.IsFresh ? (byte)1 : (byte)0;
        Int32(header.PreviousRecords);
        UInt64((ulong)header.FirstPosition);
        Digest(header.PrefixHash.Value);
        Take(1)[0] = header.IsRewinding ? (byte)1 : (byte)0;
        if (header.RewindSecret is { } secret)
        {
            UInt64((ulong)header.RewindLength);
            secret.Bytes.CopyTo(Take(secret.Bytes.Length));
        }

        States(header.States);
        Take(sizeof(ulong));
        SpoolFormat.Frame(_bytes.AsSpan(SpoolFormat.PreambleBytes, _length - SpoolFormat.PreambleBytes), sequence, 0,
            SpoolRecordType.Header);
        return _bytes.AsMemory(0, _length);
    }

    /// <summary>Builds a step's record. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Step(
        long firstPosition, ReadOnlySpan<int> tokens, IReadOnlyList<NamedState> states, ulong sequence, int ordinal)
    {
        Begin();
        UInt64((ulong)firstPosition);
        Int32(tokens.Length);
        var destination = Take(tokens.Length * sizeof(int));
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(tokens).CopyTo(destination);
        }
        else
        {
            for (var index = 0; index < tokens.Length; index++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(destination[(index * sizeof(int))..], tokens[index]);
            }
        }

        States(states);
        return End(sequence, ordinal, SpoolRecordType.Step);
    }

    /// <summary>Builds a state's record. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> State(NamedState state, ulong sequence, int ordinal)
    {
        Begin();
        State(state);
        return End(sequence, ordinal, SpoolRecordType.State);
    }

    private static int StateBodyBytes(NamedState state) => 8 + 2 + state.Name.Length + 4 + state.Content.Length;

    private void Begin()
    {
        _length = 0;
        Take(SpoolFormat.RecordHeaderBytes);
    }

    private ReadOnlyMemory<byte> End(ulong sequence, int ordinal, SpoolRecordType type)
    {
        Take(sizeof(ulong));
        SpoolFormat.Frame(_bytes.AsSpan(0, _length), sequence, ordinal, type);
        return _bytes.AsMemory(0, _length);
    }

    private void States(IReadOnlyList<NamedState> states)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Take(2), checked((ushort)states.Count));
        foreach (var state in states)
        {
            State(state);
        }
    }

    private void State(NamedState state)
    {
        UInt64((ulong)state.Position);
        Text(state.Name);
        Int32(state.Content.Length);
        state.Content.Span.CopyTo(Take(state.Content.Length));
    }

    // Names are ASCII, so their length in characters is that in bytes.
    private void Text(string text)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Take(2), checked((ushort)text.Length));
        Encoding.ASCII.GetBytes(text, Take(text.Length));
    }

    private void Digest(Digest256 digest) => digest.CopyTo(Take(Digest256.SizeBytes));

    private void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    private void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

    private Span<byte> Take(int count)
    {
        if (_length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_length + count, _bytes.Length * 2));
        }

        var taken = _bytes.AsSpan(_length, count);
        _length += count;
        return taken;
    }
}
