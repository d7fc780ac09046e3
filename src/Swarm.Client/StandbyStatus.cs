namespace Swarm;

/// <summary>How far a standby has come, as one snapshot.</summary>
/// <param name="Epoch">The epoch that it was told of last.</param>
/// <param name="Held">Positions whose inputs it has, and positions whose KV is in its runtime.</param>
/// <param name="Durable">Positions that are durable, as far as it has heard; while <see cref="IsConnected"/> that is at most a message behind.</param>
/// <param name="IsConnected">Whether it is connected to the silo that has the context.</param>
/// <param name="Recomputed">Positions that it has computed, since their stored KV is damaged, and KV behind them is not.</param>
/// <param name="Discarded">Positions whose stored KV is damaged or missing, or failed a check here.</param>
/// <param name="Reconnects">Times that it lost its connection, or the context moved, and it followed anew.</param>
public sealed record StandbyStatus(
    Epoch Epoch, Watermarks Held, Watermarks Durable, bool IsConnected, long Recomputed, long Discarded, long Reconnects)
{
    /// <summary>Why it does not follow now; <see langword="null"/> while it does. It goes on trying, unless <see cref="HasEnded"/>.</summary>
    public string? Fault { get; init; }

    /// <summary>Whether it follows no more: it was disposed of, took the context over, or failed for good (<see cref="Fault"/>).</summary>
    public bool HasEnded { get; init; }
}

/// <summary>How far a standby is behind what is durable.</summary>
/// <param name="Positions">Positions whose inputs are durable, and not held.</param>
/// <param name="KvPositions">Positions whose KV is durable, and not held.</param>
/// <param name="Time">
/// Time since it held all that it knew to be durable, and was connected; zero while that is so. What becomes durable takes another
/// network round trip at most to be known here.
/// </param>
public readonly record struct StandbyLag(long Positions, long KvPositions, TimeSpan Time);
