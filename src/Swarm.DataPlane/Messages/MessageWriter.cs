using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Swarm.Core.Identity;

namespace Swarm.DataPlane.Messages;

/// <summary>Writes a message's fields.</summary>
/// <param name="destination">Room for the whole message.</param>
internal ref struct MessageWriter(Span<byte> destination)
{
    private Span<byte> _rest = destination;

    public readonly int Free => _rest.Length;

    public static int TextLength(string text) => sizeof(ushort) + Encoding.UTF8.GetByteCount(text);

    public void WriteByte(byte value) => Take(1)[0] = value;

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);

    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    public void WritePosition(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value);

    public void WriteDigest(Digest256 value) => value.CopyTo(Take(Digest256.SizeBytes));

    public void WriteBytes(scoped ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void WriteText(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        BinaryPrimitives.WriteUInt16LittleEndian(Take(sizeof(ushort)), checked((ushort)length));
        Encoding.UTF8.GetBytes(text, Take(length));
    }

    public void WriteInts(ReadOnlySpan<int> numbers)
    {
        var bytes = Take(checked(numbers.Length * sizeof(int)));
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(numbers).CopyTo(bytes);
            return;
        }

        for (var index = 0; index < numbers.Length; index++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes[(index * sizeof(int))..], numbers[index]);
        }
    }

    private Span<byte> Take(int count)
    {
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
