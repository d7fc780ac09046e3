using System.Buffers.Binary;
using System.Text;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;

namespace Swarm.Client.Spool;

/// <summary>Reads the body of a sound record. Every length is held against the bytes that are there.</summary>
/// <param name="body">The body.</param>
internal ref struct SpoolRecordReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    /// <summary>Reads a segment's header.</summary>
    /// <exception cref="InvalidDataException">It is none of this segment.</exception>
    public SpoolHeader Header(ulong sequence)
    {
        var number = UInt64();
        if (number != sequence)
        {
            throw new InvalidDataException($"it is segment {number}, under the name of {sequence}");
        }

        var tenant = Text();
        var agent = Text();
        var context = Text();
        var model = new ModelFingerprint(new Digest256(Take(Digest256.SizeBytes)));
        var epoch = new Epoch(UInt64());
        var secret = new SessionSecret(Take(SessionSecret.SizeBytes));
        var isFresh = Take(1)[0] != 0;
        var previous = Count();
        var first = Position();
        var hash = new BlockHash(new Digest256(Take(Digest256.SizeBytes)));
        var (rewindLength, rewindSecret) = Take(1)[0] != 0
            ? (Position(), new SessionSecret(Take(SessionSecret.SizeBytes)))
            : (-1L, null);
        var states = States();
        End();
        return new SpoolHeader(
            tenant, agent, context, model, epoch, secret, isFresh, previous, first, hash, rewindLength, rewindSecret, states);
    }

    /// <summary>Reads a step.</summary>
    public (long FirstPosition, int[] Tokens, IReadOnlyList<NamedState> States) Step()
    {
        var first = Position();
        var bytes = Take(checked(Count() * sizeof(int)));
        var tokens = new int[bytes.Length / sizeof(int)];
        for (var index = 0; index < tokens.Length; index++)
        {
            tokens[index] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(index * sizeof(int))..]);
        }

        var states = States();
        End();
        return tokens.Length > 0
            ? (first, tokens, states)
            : throw new InvalidDataException("a step has no inputs");
    }

    /// <summary>Reads a state.</summary>
    public NamedState SingleState()
    {
        var state = State();
        End();
        return state;
    }

    private NamedState[] States()
    {
        var states = new NamedState[BinaryPrimitives.ReadUInt16LittleEndian(Take(2))];
        for (var index = 0; index < states.Length; index++)
        {
            states[index] = State();
        }

        return states;
    }

    private NamedState State()
    {
        var position = Position();
        var name = Text();
        return new NamedState(name, position, Take(Count()).ToArray());
    }

    private string Text() => Encoding.ASCII.GetString(Take(BinaryPrimitives.ReadUInt16LittleEndian(Take(2))));

    private long Position()
    {
        var value = UInt64();
        return value <= int.MaxValue ? (long)value : throw new InvalidDataException($"{value} is not a position");
    }

    private int Count()
    {
        var value = BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));
        return value >= 0 && value <= SpoolFormat.MaxBodyBytes
            ? value
            : throw new InvalidDataException($"{value} is not a count");
    }

    private ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw new InvalidDataException($"{count} bytes are wanted where {_rest.Length} are left");
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw new InvalidDataException($"{_rest.Length} bytes are left over");
        }
    }
}
