namespace Swarm.Storage.State;

/// <summary>The rewinds of one open context: what somebody who saw an earlier epoch may keep. Lives on the store's loop.</summary>
/// <param name="opened">The epoch in force when the context was opened here: of rewinds up to it nothing is known.</param>
internal sealed class RewindHistory(Epoch opened)
{
    private const int MaxRewinds = 1024;

    // Lengths grow with the epochs: a rewind to fewer positions takes the place of those before it that left as many or more.
    private readonly List<(Epoch Epoch, Watermarks Kept)> _rewinds = [];
    private Epoch _knownFrom = opened;

    /// <summary>Notes a rewind.</summary>
    /// <param name="epoch">The epoch that it raised the context to.</param>
    /// <param name="kept">What it left.</param>
    public void Add(Epoch epoch, Watermarks kept)
    {
        while (_rewinds.Count > 0 && _rewinds[^1].Kept.Tokens >= kept.Tokens)
        {
            kept = kept with { Kv = Math.Min(kept.Kv, _rewinds[^1].Kept.Kv) }; // Somebody may have seen neither.
            _rewinds.RemoveAt(_rewinds.Count - 1);
        }

        _rewinds.Add((epoch, kept));
        if (_rewinds.Count > MaxRewinds)
        {
            _knownFrom = _rewinds[0].Epoch;
            _rewinds.RemoveAt(0);
        }
    }

    /// <summary>What is left of positions that were durable in an epoch.</summary>
    /// <param name="seen">The epoch.</param>
    /// <param name="had">The positions.</param>
    /// <returns><see langword="null"/> where it is not known, since the epoch is too long ago.</returns>
    public Watermarks? KeptSince(Epoch seen, Watermarks had)
    {
        if (seen < _knownFrom)
        {
            return null;
        }

        foreach (var (epoch, kept) in _rewinds)
        {
            if (epoch > seen)
            {
                had = new Watermarks(Math.Min(had.Tokens, kept.Tokens), Math.Min(had.Kv, kept.Kv));
            }
        }

        return had;
    }
}
