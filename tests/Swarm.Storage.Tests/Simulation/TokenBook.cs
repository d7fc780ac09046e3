namespace Swarm.Storage.Tests.Simulation;

/// <summary>Every token of a run: no two are alike, and each knows where it belongs, so that one in a wrong place shows.</summary>
internal sealed class TokenBook
{
    private readonly List<(int Position, int Parent, ulong Epoch)> _tokens = [];

    /// <summary>A token that never was before, for a position behind others.</summary>
    public int New(int position, int parent, ulong epoch)
    {
        _tokens.Add((position, parent, epoch));
        return _tokens.Count - 1;
    }

    /// <summary>Where a token belongs, behind which other, and the epoch of its append.</summary>
    public (int Position, int Parent, ulong Epoch) this[int token] => _tokens[token];
}
