using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Swarm.Core.Memory;
using TorchSharp;
using static TorchSharp.torch;

namespace Swarm.Inference.Cache;

/// <summary>A pool of KV blocks, shared by the sequences of one model. A block never moves.</summary>
/// <remarks>
/// For each layer and stream [blocks × <see cref="BlockTokens"/>, row], all in one allocation: consecutive blocks are consecutive
/// rows, so that a sequence that owns a run of them is attended to, read and written in place. Layers with a window hold every position too. The
/// operating system commits memory when a block is first written.
/// </remarks>
public sealed class KvBlockPool : IDisposable
{
    /// <summary>Positions of a block.</summary>
    public const int BlockTokens = 64;

    internal const int Streams = 2; // K and V, or latent and rope.

    private readonly Lock _gate = new();
    private readonly bool[] _taken;
    private readonly Tensor _all;
    private readonly Tensor[] _rows; // Views of it.
    private readonly nint[] _memory;
    private readonly Memory<byte>[] _memories; // The same; none where it is a device's.
    private readonly int[] _rowBytes;
    private int _free;

    internal KvBlockPool(ModelDescriptor model, ScalarType scalarType, Device device, int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        var streams = model.Geometry.Groups
            .SelectMany(group => group.Layers.SelectMany(layer => group.Streams.Select((stream, index) => (Layer: layer, Index: index, Stream: stream))))
            .OrderBy(item => item.Layer).ThenBy(item => item.Index)
            .Select(item => item.Stream)
            .ToArray();
        _rowBytes = [.. streams.Select(stream => stream.RowBytes)];
        long mostBlocks = int.MaxValue / ((long)BlockTokens * _rowBytes.Max()); // A tensor's bytes are a span: at most 2 GiB.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocks, mostBlocks);
        _taken = new bool[blocks];
        _free = blocks;
        Model = model;
        _rows = new Tensor[streams.Length];
        _memory = new nint[_rows.Length];
        _memories = new Memory<byte>[_rows.Length];
        var positions = (long)blocks * BlockTokens;
        _all = empty([streams.Sum(stream => positions * Elements(stream))], scalarType, device).DetachFromDisposeScope();
        long first = 0;
        for (var index = 0; index < _rows.Length; index++)
        {
            var elements = Elements(streams[index]);
            using var region = _all.narrow(0, first, positions * elements);
            _rows[index] = region.view(positions, elements).DetachFromDisposeScope();
            _memory[index] = device.type == DeviceType.CPU ? AddressOf(_rows[index]) : 0;
            _memories[index] = MemoryAt(_memory[index], (int)positions * _rowBytes[index]);
            first += positions * elements;
        }

        if (_memory[0] != 0)
        {
            HugePages.Advise(_memory[0], positions * _rowBytes.Sum(bytes => (long)bytes));
        }

        static long Elements(KvStream stream) => stream.RowBytes / stream.DType.SizeBytes();
    }

    /// <summary>Blocks in the pool.</summary>
    public int BlockCount => _taken.Length;

    /// <summary>Blocks that no sequence holds.</summary>
    public int FreeBlockCount
    {
        get
        {
            lock (_gate)
            {
                return _free;
            }
        }
    }

    /// <summary>The very model whose KV it holds.</summary>
    internal ModelDescriptor Model { get; }

    /// <summary>Whether its memory is this process's, and not a device's.</summary>
    internal bool IsHostMemory => _memory[0] != 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var rows in _rows)
        {
            rows.Dispose();
        }

        _all.Dispose();
    }

    /// <summary>All rows of a layer's stream, [blocks × <see cref="BlockTokens"/>, row].</summary>
    internal Tensor Rows(int layer, int stream) => _rows[(layer * Streams) + stream];

    /// <summary>Takes one block: the one behind <paramref name="previous"/> where that is free.</summary>
    /// <param name="previous">The sequence's last block; -1 for none.</param>
    /// <returns>The block, or -1 when none is free.</returns>
    internal int Take(int previous)
    {
        lock (_gate)
        {
            if (_free == 0)
            {
                return -1;
            }

            var block = previous >= 0 && previous + 1 < _taken.Length && !_taken[previous + 1]
                ? previous + 1
                : StartInLongestRun();
            _taken[block] = true;
            _free--;
            return block;
        }
    }

    /// <summary>Gives blocks back.</summary>
    internal void Release(ReadOnlySpan<int> blocks)
    {
        lock (_gate)
        {
            foreach (var block in blocks)
            {
                _taken[block] = false;
            }

            _free += blocks.Length;
        }
    }

    /// <summary>Copies rows of a layer's stream out.</summary>
    internal unsafe void CopyOut(int layer, int stream, long firstRow, Span<byte> destination)
    {
        var index = (layer * Streams) + stream;
        if (_memory[index] != 0)
        {
            new ReadOnlySpan<byte>((byte*)_memory[index] + (firstRow * _rowBytes[index]), destination.Length).CopyTo(destination);
            return;
        }

        using var view = _rows[index].narrow(0, firstRow, destination.Length / _rowBytes[index]);
        using var host = view.cpu();
        host.bytes.CopyTo(destination);
    }

    /// <summary>Copies rows of a layer's stream in.</summary>
    internal unsafe void CopyIn(int layer, int stream, long firstRow, ReadOnlySpan<byte> source)
    {
        var index = (layer * Streams) + stream;
        if (_memory[index] != 0)
        {
            StreamingCopy.Copy(source, new Span<byte>((byte*)_memory[index] + (firstRow * _rowBytes[index]), source.Length));
            return;
        }

        using var view = _rows[index].narrow(0, firstRow, source.Length / _rowBytes[index]);
        using var host = empty(view.shape, view.dtype);
        source.CopyTo(host.bytes);
        view.copy_(host);
    }

    /// <summary>Rows of a layer's stream, to be written; <see cref="IsHostMemory"/> must hold.</summary>
    internal Memory<byte> Memory(int layer, int stream, long firstRow, int count)
    {
        var index = (layer * Streams) + stream;
        return _memories[index].Slice((int)firstRow * _rowBytes[index], count * _rowBytes[index]);
    }

    private static unsafe Memory<byte> MemoryAt(nint address, int bytes) =>
        address == 0 ? default : new UnmanagedMemory((byte*)address, bytes).Memory;

    private static unsafe nint AddressOf(Tensor tensor) =>
        (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    /// <summary>The middle of the longest free run, so that the run before it can grow; its start in an empty pool.</summary>
    private int StartInLongestRun()
    {
        var (longest, start) = (0, 0);
        for (var block = 0; block < _taken.Length; block++)
        {
            var first = block;
            while (block < _taken.Length && !_taken[block])
            {
                block++;
            }

            if (block - first > longest)
            {
                (longest, start) = (block - first, first);
            }
        }

        return start == 0 ? start : start + (longest / 2);
    }
}
