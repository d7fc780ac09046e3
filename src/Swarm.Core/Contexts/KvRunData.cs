using Swarm.Core.Blocks;
using Swarm.Core.Contexts;

namespace Swarm;

/// <summary>KV of a run of positions as read back: one stored record's frames, which carry the checksums to verify them by.</summary>
/// <remarks>
/// Disposing gives the memory back: <see cref="Frames"/> must not be used afterwards. A run may begin before, and end
/// behind, what was asked for: frames are the unit of reading.
/// </remarks>
public sealed class KvRunData : IDisposable
{
    private IDisposable? _lease;

    /// <summary>Wraps a run.</summary>
    /// <param name="firstPosition">First position of the run.</param>
    /// <param name="count">Positions that count.</param>
    /// <param name="prefixHash">Chain hash through the last of them.</param>
    /// <param name="frames">The encoded frames, of these positions or more.</param>
    /// <param name="tier">Where they came from.</param>
    /// <param name="lease">What keeps the memory alive; disposed with this.</param>
    public KvRunData(
        long firstPosition, int count, BlockHash prefixHash, ReadOnlyMemory<byte> frames, KvTier tier, IDisposable? lease)
    {
        FirstPosition = firstPosition;
        Count = count;
        PrefixHash = prefixHash;
        Frames = frames;
        Tier = tier;
        _lease = lease;
    }

    /// <summary>A run whose stored bytes are damaged or missing: without frames, it says which positions are to be recomputed.</summary>
    /// <param name="firstPosition">First position of the run.</param>
    /// <param name="count">Positions.</param>
    /// <returns>The run; disposing it does nothing.</returns>
    public static KvRunData Damaged(long firstPosition, int count) =>
        new(firstPosition, count, default, default, KvTier.None, null);

    /// <summary>A run that was received into a runtime's memory.</summary>
    /// <param name="firstPosition">First position of the run.</param>
    /// <param name="count">Positions that count.</param>
    /// <param name="prefixHash">Chain hash through the last of them.</param>
    /// <param name="tier">Where it came from.</param>
    /// <param name="inPlace">How it was received.</param>
    /// <returns>The run; disposing it does nothing.</returns>
    public static KvRunData Received(long firstPosition, int count, BlockHash prefixHash, KvTier tier, KvInPlace inPlace) =>
        new(firstPosition, count, prefixHash, default, tier, null) { InPlace = inPlace };

    /// <summary>A run whose frames are in a file.</summary>
    /// <param name="firstPosition">First position of the run.</param>
    /// <param name="count">Positions that count.</param>
    /// <param name="prefixHash">Chain hash through the last of them.</param>
    /// <param name="tier">Where the file is.</param>
    /// <param name="file">Where the frames are; disposed with the run.</param>
    /// <param name="checksum">XXH3 of the frames.</param>
    /// <returns>The run.</returns>
    public static KvRunData InFile(long firstPosition, int count, BlockHash prefixHash, KvTier tier, KvFile file, ulong checksum) =>
        new(firstPosition, count, prefixHash, default, tier, file) { File = file, Checksum = checksum };

    /// <summary>The file that has the frames; <see langword="null"/> where <see cref="Frames"/> has them. Only for readers who ask for files.</summary>
    public KvFile? File { get; private init; }

    /// <summary>XXH3 of the frames, as they were stored; <see langword="null"/> where that is not known. Whoever uses them has to check it.</summary>
    public ulong? Checksum { get; init; }

    /// <summary>Bytes of the frames, wherever they are.</summary>
    public int Length => File?.Length ?? Frames.Length;

    /// <summary>How the run was received into a runtime's memory; <see langword="null"/> where it was not, and <see cref="Frames"/> has it.</summary>
    public KvInPlace? InPlace { get; private init; }

    /// <summary>Whether there are no frames, because what was stored is damaged or missing.</summary>
    public bool IsDamaged => Length == 0 && InPlace is null;

    /// <summary>First position of the run.</summary>
    public long FirstPosition { get; }

    /// <summary>Positions of the run that count; of a fork's last shared run the frames may hold more.</summary>
    public int Count { get; }

    /// <summary>Chain hash through the last position; of no meaning for a damaged run.</summary>
    public BlockHash PrefixHash { get; }

    /// <summary>The encoded frames (see FORMAT.md, KV payload); empty for a damaged run, one that was received in place, and one in a file.</summary>
    public ReadOnlyMemory<byte> Frames { get; }

    /// <summary>Where the bytes came from.</summary>
    public KvTier Tier { get; }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _lease, null)?.Dispose();
}

/// <summary>How a run of KV was received into a runtime's memory.</summary>
/// <param name="Opening">Number of the opening of the memory that it came in by. If that was closed since, and steps were computed, the memory may hold others.</param>
/// <param name="Fault">Why it is not all there: it failed a check. <see langword="null"/> where it is there, verified and marked as written.</param>
public sealed record KvInPlace(int Opening, string? Fault);

/// <summary>Where KV bytes came from. The numbers go over the wire.</summary>
public enum KvTier
{
    /// <summary>Nowhere: nothing was read.</summary>
    None = 0,

    /// <summary>The silo's memory.</summary>
    Memory = 1,

    /// <summary>The silo's local disk.</summary>
    Disk = 2,

    /// <summary>The blob store.</summary>
    Blob = 3,
}
