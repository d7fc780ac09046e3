using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Core.Identity;

namespace Swarm.Testing.Models;

/// <summary>
/// A model small enough to check by hand and as touchy as a large one: its KV is a recurrence of the tokens, read back
/// from the cache, and its logits depend on every byte of it. The length of the step is part of the recurrence, as batch
/// shape is of a floating-point sum; so wrong bytes, tokens or steps all show in the logits.
/// </summary>
public sealed class ToyRuntime : IKvRuntime, IKvMemory
{
    private const int RowsOfPiece = 48;

    private readonly int _layers;
    private readonly int _rowBytes;
    private readonly byte[][] _cache; // [layer × stream] → [position][row]
    private readonly bool[][] _written; // [stream] → [position]: imported, and no step was computed since.
    private bool _hasWritten;

    public ToyRuntime(
        int layers = 2,
        int rowBytes = 64,
        int maxPositions = 4096,
        int maxStepTokens = 64,
        int vocabularySize = 97,
        string name = "toy")
    {
        _layers = layers;
        _rowBytes = rowBytes;
        MaxPositions = maxPositions;
        MaxStepTokens = maxStepTokens;
        VocabularySize = vocabularySize;
        _cache = [.. Enumerable.Range(0, layers * 2).Select(_ => new byte[(long)maxPositions * rowBytes])];
        _written = [new bool[maxPositions], new bool[maxPositions]];
        foreach (var cache in _cache)
        {
            cache.AsSpan().Fill(0xA5); // Touched before use, as a model's cache is.
        }

        Model = new ModelDescriptor(
            name,
            $"{{\"layers\":{layers},\"row\":{rowBytes},\"name\":\"{name}\"}}",
            Digest256.Sha256("toy weights"u8),
            "float32",
            KvGeometry.GroupedQuery(layers, 1, rowBytes / sizeof(float), KvDType.Float32),
            "none",
            "toy",
            "");
        Fingerprint = Model.ComputeFingerprint();
    }

    /// <summary>Whether KV may be received into the cache in place.</summary>
    public bool IsInPlace { get; init; } = true;

    public IKvMemory? Memory => IsInPlace ? this : null;

    /// <summary>How long a step takes at least, in place of what a real model computes.</summary>
    public TimeSpan StepTime { get; init; }

    public ModelDescriptor Model { get; }

    public ModelFingerprint Fingerprint { get; }

    public NumericsIdentity Numerics { get; init; } = new("toy");

    /// <summary>Makes it compute other bits, as another kind of processor may.</summary>
    public ulong Rounding { get; init; }

    public int VocabularySize { get; }

    public int MaxPositions { get; }

    public int MaxStepTokens { get; }

    public int Length { get; private set; }

    /// <summary>Positions at which it breaks down.</summary>
    public int FailsAt { get; set; } = int.MaxValue;

    /// <summary>Positions that were computed, over the whole life of the runtime.</summary>
    public long ComputedPositions { get; private set; }

    public void Forward(ReadOnlySpan<int> tokens, Span<float> logits)
    {
        if (tokens.IsEmpty || tokens.Length > MaxStepTokens)
        {
            throw new ArgumentException($"A step of {tokens.Length} tokens is not possible.", nameof(tokens));
        }

        if (Length + tokens.Length > MaxPositions)
        {
            throw new InvalidOperationException("The cache is full.");
        }

        if (Length + tokens.Length > FailsAt)
        {
            throw new InvalidDataException("The model has broken down.");
        }

        if (StepTime > TimeSpan.Zero)
        {
            Thread.Sleep(StepTime);
        }

        ForgetWritten();
        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)VocabularySize)
            {
                throw new ArgumentException($"Token {token} is out of range.", nameof(tokens));
            }

            Compute(Length++, token, tokens.Length);
            ComputedPositions++;
        }

        WriteLogits(logits);
    }

    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        ForgetWritten();
        Length = length;
    }

    public void ReadKv(int group, int stream, int firstPosition, int count, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(group, 0);
        var bytes = count * _rowBytes;
        for (var layer = 0; layer < _layers; layer++)
        {
            _cache[(layer * 2) + stream].AsSpan(firstPosition * _rowBytes, bytes).CopyTo(destination[(layer * bytes)..]);
        }
    }

    public void WriteKv(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(group, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(firstPosition, Length);
        var bytes = count * _rowBytes;
        for (var layer = 0; layer < _layers; layer++)
        {
            source.Slice(layer * bytes, bytes).CopyTo(_cache[(layer * 2) + stream].AsSpan(firstPosition * _rowBytes));
        }

        MarkWritten(group, stream, firstPosition, count);
    }

    public Memory<byte> GetRows(int group, int stream, int layer, int firstPosition, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(group, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(firstPosition, Length);
        if (firstPosition + count > MaxPositions)
        {
            throw new InvalidOperationException("The cache is full.");
        }

        // A piece ends where a block of a paged cache would.
        var run = Math.Min(count, RowsOfPiece - (firstPosition % RowsOfPiece));
        return _cache[(layer * 2) + stream].AsMemory(firstPosition * _rowBytes, run * _rowBytes);
    }

    public void MarkWritten(int group, int stream, int firstPosition, int count)
    {
        _written[stream].AsSpan(firstPosition, count).Fill(true);
        _hasWritten = true;
    }

    public void CommitImported(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, Length);
        if (_written.Any(stream => stream.AsSpan(Length, length - Length).Contains(false)))
        {
            throw new InvalidOperationException($"Not all of positions {Length} to {length} were written for every stream.");
        }

        Length = length;
    }

    private void ForgetWritten()
    {
        if (_hasWritten)
        {
            Array.ForEach(_written, Array.Clear);
            _hasWritten = false;
        }
    }

    private void Compute(int position, int token, int stepLength)
    {
        var below = (((ulong)token << 32) | (uint)stepLength) ^ Rounding;
        for (var index = 0; index < _cache.Length; index++)
        {
            var row = _cache[index].AsSpan(position * _rowBytes, _rowBytes);
            var state = Mix(below ^ ((ulong)index << 56));
            if (position > 0)
            {
                state ^= XxHash3.HashToUInt64(_cache[index].AsSpan((position - 1) * _rowBytes, _rowBytes));
            }

            for (var offset = 0; offset + sizeof(ulong) <= row.Length; offset += sizeof(ulong))
            {
                state = Mix(state);
                BinaryPrimitives.WriteUInt64LittleEndian(row[offset..], state);
            }

            below = state;
        }
    }

    private void WriteLogits(Span<float> logits)
    {
        var state = 0UL;
        foreach (var cache in _cache)
        {
            state = Mix(state ^ XxHash3.HashToUInt64(cache.AsSpan(0, Length * _rowBytes)));
        }

        for (var token = 0; token < VocabularySize; token++)
        {
            state = Mix(state);
            logits[token] = (state >> 40) / (float)(1 << 24);
        }
    }

    // SplitMix64.
    private static ulong Mix(ulong value)
    {
        value += 0x9e3779b97f4a7c15;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
