using System.Buffers.Binary;
using System.Globalization;

namespace Swarm.LlamaCpp.Cache;

/// <summary>
/// Where what is in the state of one sequence, as <c>llama_state_seq_get_data</c> gives it: learned from a first one, and held against every other one.
/// </summary>
/// <remarks>
/// <para>
/// Little-endian; it has no version, so it is learned and tested for each cache (<see cref="CacheProbe"/>). First <c>u32</c> magic and <c>u32</c> sequence, which is ignored when it
/// is taken in. Then one section, or two where some layers have a window: <c>u32</c> streams (1), <c>u32</c> cells, for each cell <c>i32</c> position, <c>u32</c> 1, <c>i32</c>
/// sequence; <c>u32</c> whether values are transposed, <c>u32</c> layers; for each layer <c>i32</c> type, <c>u64</c> row bytes, and the rows of its keys; then the same of the
/// values. Transposed ones are <c>i32</c> type, <c>u32</c> element bytes, <c>u32</c> elements, and [element][cell].
/// </para>
/// <para>With latent attention there are keys alone. Source: <c>llama_kv_cache::state_write</c> of llama.cpp c0c7e147.</para>
/// </remarks>
internal sealed class StateLayout
{
    private const int HeadBytes = 8;
    private const int CellBytes = 12;
    private const int TensorHeadBytes = 12;
    private const int MaxLayers = 512;
    private const int MaxRowBytes = 1 << 20;

    private readonly uint _magic;
    private readonly IReadOnlyList<Section> _sections;

    private StateLayout(uint magic, IReadOnlyList<Section> sections)
    {
        _magic = magic;
        _sections = sections;
        Tensors = [.. sections.SelectMany(section => section.Keys.Concat(section.Values))];
        (FixedBytes, BytesEach) = sections.Aggregate((Fixed: (long)HeadBytes, Each: 0L), (sum, section) => (sum.Fixed + section.FixedBytes, sum.Each + section.BytesEach));
    }

    /// <summary>All tensors, in the order of the state.</summary>
    public IReadOnlyList<CacheTensor> Tensors { get; }

    /// <summary>Bytes of a state without positions.</summary>
    private long FixedBytes { get; }

    /// <summary>Bytes that each position adds.</summary>
    private long BytesEach { get; }

    /// <summary>Bytes of a state of so many positions.</summary>
    public long Size(int count) => FixedBytes + (BytesEach * count);

    /// <summary>Learns the layout from a state of positions 0 to <paramref name="count"/>.</summary>
    /// <exception cref="LlamaCppException">It is laid out otherwise; the message says where.</exception>
    public static StateLayout Learn(ReadOnlySpan<byte> state, int count)
    {
        var reader = new Reader(state);
        var magic = reader.UInt32();
        reader.UInt32();
        var sections = new List<Section>();
        long each = 0;
        while (!reader.AtEnd)
        {
            var section = Section.Learn(
                ref reader, count, sections.Sum(before => before.Keys.Count), sections.Sum(before => before.Keys.Count + before.Values.Count), each);
            sections.Add(section);
            each += section.BytesEach;
        }

        return sections.Count is 1 or 2 ? new StateLayout(magic, sections) : throw reader.Unknown("the number of sections", sections.Count);
    }

    /// <summary>Writes all of a state but its rows.</summary>
    /// <param name="state">Exactly <see cref="Size"/> bytes.</param>
    /// <param name="first">First position.</param>
    /// <param name="count">Positions.</param>
    public void WriteHeads(Span<byte> state, int first, int count)
    {
        var writer = new Writer(state);
        writer.UInt32(_magic);
        writer.UInt32(1);
        foreach (var section in _sections)
        {
            writer.UInt32(1);
            writer.UInt32((uint)count);
            for (var cell = 0; cell < count; cell++)
            {
                writer.UInt32((uint)(first + cell));
                writer.UInt32(1);
                writer.UInt32(1);
            }

            writer.UInt32(section.IsTransposed ? 1u : 0);
            writer.UInt32((uint)section.Keys.Count);
            foreach (var tensor in section.Keys.Concat(section.Values))
            {
                writer.UInt32((uint)tensor.Type);
                if (tensor.ElementBytes == 0)
                {
                    writer.UInt64((ulong)tensor.RowBytes);
                }
                else
                {
                    writer.UInt32((uint)tensor.ElementBytes);
                    writer.UInt32((uint)(tensor.RowBytes / tensor.ElementBytes));
                }

                writer.Skip(count * tensor.RowBytes);
            }
        }
    }

    /// <summary>Whether a state is of these positions, and laid out as this says.</summary>
    public bool Fits(ReadOnlySpan<byte> state, int first, int count)
    {
        if (state.Length != Size(count) || BinaryPrimitives.ReadUInt32LittleEndian(state) != _magic)
        {
            return false;
        }

        foreach (var section in _sections)
        {
            var cells = state.Slice((int)(section.FixedOffset + (section.OffsetEach * count)));
            for (var cell = 0; cell < count; cell++)
            {
                if (BinaryPrimitives.ReadInt32LittleEndian(cells[(cell * CellBytes)..]) != first + cell)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Copies rows of a state out.</summary>
    /// <param name="state">A state of <paramref name="count"/> positions.</param>
    /// <param name="count">Its positions.</param>
    /// <param name="tensor">Which tensor.</param>
    /// <param name="rows">Receives all of its rows, [position][row].</param>
    public static void CopyRows(ReadOnlySpan<byte> state, int count, CacheTensor tensor, Span<byte> rows)
    {
        var source = state.Slice((int)tensor.Offset(count), count * tensor.RowBytes);
        if (tensor.ElementBytes == 0)
        {
            source.CopyTo(rows);
        }
        else
        {
            Transpose(source, rows, tensor.RowBytes / tensor.ElementBytes, count, tensor.ElementBytes);
        }
    }

    /// <summary>Copies rows into a state.</summary>
    /// <param name="state">A state of <paramref name="count"/> positions.</param>
    /// <param name="count">Its positions.</param>
    /// <param name="tensor">Which tensor.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">[position][row].</param>
    public static void SetRows(Span<byte> state, int count, CacheTensor tensor, int firstRow, ReadOnlySpan<byte> rows)
    {
        var target = state.Slice((int)tensor.Offset(count), count * tensor.RowBytes);
        if (tensor.ElementBytes == 0)
        {
            rows.CopyTo(target[(firstRow * tensor.RowBytes)..]);
            return;
        }

        var (elements, size) = (tensor.RowBytes / tensor.ElementBytes, tensor.ElementBytes);
        for (var row = 0; row * tensor.RowBytes < rows.Length; row++)
        {
            for (var element = 0; element < elements; element++)
            {
                rows.Slice((row * tensor.RowBytes) + (element * size), size).CopyTo(target[(((element * count) + firstRow + row) * size)..]);
            }
        }
    }

    // [left][right] to [right][left].
    private static void Transpose(ReadOnlySpan<byte> source, Span<byte> target, int left, int right, int size)
    {
        for (var i = 0; i < right; i++)
        {
            for (var j = 0; j < left; j++)
            {
                source.Slice(((j * right) + i) * size, size).CopyTo(target[(((i * left) + j) * size)..]);
            }
        }
    }

    private sealed record Section(bool IsTransposed, IReadOnlyList<CacheTensor> Keys, IReadOnlyList<CacheTensor> Values, long FixedOffset, long OffsetEach)
    {
        /// <summary>Bytes without positions.</summary>
        public long FixedBytes => (4 * sizeof(uint)) + ((Keys.Count + Values.Count) * (long)TensorHeadBytes);

        /// <summary>Bytes that each position adds.</summary>
        public long BytesEach => CellBytes + Keys.Concat(Values).Sum(tensor => (long)tensor.RowBytes);

        public static Section Learn(ref Reader reader, int count, int firstLayer, int firstIndex, long each)
        {
            reader.Expect("the number of streams", 1);
            reader.Expect("the number of cells", (uint)count);
            var (fixedOffset, offsetEach) = (reader.Position - (each * count), each);
            for (var cell = 0; cell < count; cell++)
            {
                reader.Expect("a cell's position", (uint)cell);
                reader.Expect("a cell's number of sequences", 1);
                reader.UInt32();
            }

            each += CellBytes;
            var isTransposed = reader.UInt32() switch
            {
                0 => false,
                1 => true,
                var other => throw reader.Unknown("whether values are transposed", other),
            };
            var layers = reader.UInt32();
            if (layers is 0 or > MaxLayers)
            {
                throw reader.Unknown("the number of layers", layers);
            }

            var keys = ReadTensors(ref reader, (int)layers, count, firstLayer, firstIndex, isValue: false, isTransposed: false, ref each);
            var values = reader.AtEnd ? [] : ReadTensors(ref reader, (int)layers, count, firstLayer, firstIndex + keys.Count, isValue: true, isTransposed, ref each);
            return new Section(isTransposed, keys, values, fixedOffset, offsetEach);
        }

        private static List<CacheTensor> ReadTensors(
            ref Reader reader, int layers, int count, int firstLayer, int firstIndex, bool isValue, bool isTransposed, ref long each)
        {
            var tensors = new List<CacheTensor>();
            for (var layer = 0; layer < layers; layer++)
            {
                var type = (int)reader.UInt32();
                var elementBytes = isTransposed ? reader.UInt32() : 0;
                var rowBytes = isTransposed ? (ulong)elementBytes * reader.UInt32() : reader.UInt64();
                if (rowBytes is 0 or > MaxRowBytes || elementBytes > sizeof(double) || (isTransposed && elementBytes == 0))
                {
                    throw reader.Unknown("the bytes of a row", rowBytes);
                }

                tensors.Add(new CacheTensor(
                    firstIndex + layer, isValue, firstLayer + layer, type, (int)rowBytes, (int)elementBytes, reader.Position - (each * count), each));
                reader.Skip(count * (int)rowBytes);
                each += (long)rowBytes;
            }

            return tensors;
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> state)
    {
        private readonly ReadOnlySpan<byte> _state = state;

        public int Position { get; private set; }

        public readonly bool AtEnd => Position == _state.Length;

        public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

        public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

        public void Skip(int bytes) => Take(bytes);

        public void Expect(string what, uint expected)
        {
            if (UInt32() is var actual && actual != expected)
            {
                throw Unknown($"{what}, which should be {expected.ToString(CultureInfo.InvariantCulture)}", actual);
            }
        }

        public readonly LlamaCppException Unknown(string what, object value) => new(
            $"The state of llama.cpp's cache is laid out in another way than this library knows: before byte {Position} of {_state.Length}, {what}, is {value}. "
            + "The model's cache is not one of plain or windowed attention, or LLamaSharp is not the version that this package asks for.");

        private ReadOnlySpan<byte> Take(int bytes)
        {
            if (bytes > _state.Length - Position)
            {
                throw Unknown("the end", _state.Length);
            }

            Position += bytes;
            return _state.Slice(Position - bytes, bytes);
        }
    }

    private ref struct Writer(Span<byte> state)
    {
        private readonly Span<byte> _state = state;
        private int _position;

        public void UInt32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_state[_position..], value);
            _position += sizeof(uint);
        }

        public void UInt64(ulong value)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_state[_position..], value);
            _position += sizeof(ulong);
        }

        public void Skip(int bytes) => _position += bytes;
    }
}
