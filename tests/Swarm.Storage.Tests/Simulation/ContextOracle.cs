using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>What a context owes its agents, by what they were told; it knows nothing of how that is kept.</summary>
internal sealed class ContextOracle(World world, string name, TokenBook book)
{
    private readonly Dictionary<ulong, string> _owners = [];
    private readonly SortedDictionary<ulong, int[]> _views = [];
    private readonly Dictionary<long, (ulong Epoch, int Length)> _rewinds = [];
    private readonly HashSet<int> _removed = [];
    private readonly SortedDictionary<ulong, int[]> _told = [];
    private int[] _must = [];
    private ulong _mustEpoch;
    private int _mustKv;

    public int Acknowledged { get; private set; }

    /// <summary>Rewinds that were asked for so far.</summary>
    public int Rewinds { get; private set; }

    /// <summary>Agents that took over from a follower.</summary>
    public int TakeOvers { get; private set; }

    /// <summary>Whether something that was durable may have been lost.</summary>
    public bool MayLose { get; init; }

    /// <summary>A token that never was before, for a position behind others.</summary>
    public int NewToken(int position, int parent, ulong epoch) => book.New(position, parent, epoch);

    /// <summary>What is acknowledged, and not about to be rewound.</summary>
    public int[] Acknowledgments() => [.. Required()];

    /// <summary>The context began as a fork, in an epoch of its parent, with these tokens.</summary>
    public void Forked(ulong epoch, int[] tokens)
    {
        Chain(tokens);
        (_must, _mustEpoch) = (tokens, epoch);
    }

    public void Acquired(ulong epoch, string agent, int[] view, long durableKv)
    {
        if (_owners.TryGetValue(epoch, out var owner))
        {
            Require(owner == agent, $"epoch {epoch} was granted to {owner} and to {agent}");
            return;
        }

        Acknowledged++;
        _owners[epoch] = agent;
        Chain(view);
        _views[epoch] = view;
        if (epoch > _mustEpoch)
        {
            var required = Required();
            Require(
                view.AsSpan().StartsWith(required),
                $"epoch {epoch} of {agent} finds {view.Length} tokens; {required.Length} had been acknowledged");
            Require(
                durableKv >= _mustKv,
                $"epoch {epoch} of {agent} finds KV of {durableKv}; {_mustKv} had been acknowledged");
            (_must, _mustEpoch) = (view, epoch);
        }

        foreach (var (told, tokens) in _told)
        {
            RequireTold(told, tokens, epoch, view);
        }
    }

    public void Appended(ulong epoch, string agent, int[] before, int[] tokens)
    {
        Acknowledged++;
        Require(_owners.GetValueOrDefault(epoch) == agent, $"{agent} appended in epoch {epoch} of another");
        var later = _views.FirstOrDefault(item => item.Key > epoch);
        if (later.Value is { } view)
        {
            var isThere = view.Length >= before.Length + tokens.Length
                && view.AsSpan(before.Length, tokens.Length).SequenceEqual(tokens);
            Require(
                isThere || tokens.All(_removed.Contains),
                $"an append of {agent} in epoch {epoch} was acknowledged, but epoch {later.Key} began without it");
            return;
        }

        int[] chain = [.. before, .. tokens];
        var required = Required();
        var common = Math.Min(required.Length, chain.Length);
        Require(
            chain.AsSpan(0, common).SequenceEqual(required[..common]),
            $"{agent} was acknowledged over other acknowledged tokens");
        if (chain.Length > required.Length)
        {
            _must = chain;
        }
    }

    public void KvAppended(ulong epoch, int end)
    {
        Acknowledged++;
        if (epoch >= _mustEpoch && _rewinds.Count == 0)
        {
            _mustKv = Math.Max(_mustKv, end);
        }
    }

    /// <summary>A rewind was asked for: from now on it may have happened.</summary>
    public void Rewinding(long request, ulong epoch, int length, int[] view)
    {
        Rewinds++;
        _rewinds[request] = (epoch, length);
        _removed.UnionWith(view[length..]);
        _mustKv = 0;
    }

    public void Rewound(long request)
    {
        var (epoch, length) = _rewinds[request];
        if (epoch >= _mustEpoch)
        {
            _must = _must[..Math.Min(length, _must.Length)];
        }

        _rewinds.Remove(request);
    }

    /// <summary>What somebody read as the durable state.</summary>
    public void Read(ulong epoch, int[] tokens)
    {
        Chain(tokens);
        foreach (var (granted, view) in _views)
        {
            if (granted <= epoch)
            {
                int[] old = [.. tokens.Where(token => book[token].Epoch < granted)];
                Require(
                    view.AsSpan().StartsWith(old),
                    $"a read in epoch {epoch} shows tokens of before epoch {granted} that its owner did not find");
            }
        }
    }

    /// <summary>What a follower has, of an epoch that it was told: all of that epoch's history, and so durable.</summary>
    public void Followed(ulong epoch, int[] tokens)
    {
        if (MayLose)
        {
            Chain(tokens);
            return;
        }

        Read(epoch, tokens);
        Require(
            tokens.Length == 0 || book[tokens[^1]].Epoch <= epoch,
            $"a follower that was told of epoch {epoch} has a token of a later one");
        foreach (var (granted, view) in _views)
        {
            RequireTold(epoch, tokens, granted, view);
        }

        if (tokens.Length > (_told.GetValueOrDefault(epoch)?.Length ?? -1))
        {
            _told[epoch] = tokens;
        }
    }

    /// <summary>An agent went on with what a follower had, in the place of what it read.</summary>
    public void TookOver() => TakeOvers++;

    /// <summary>Nothing runs any more: what is there must be all that was acknowledged.</summary>
    public void Final(ulong epoch, int[] tokens, long durableKv)
    {
        Read(epoch, tokens);
        foreach (var (told, followed) in _told)
        {
            Require(told <= epoch, $"epoch {epoch} in the end; a follower was told of {told}");
            RequireTold(told, followed, epoch + 1, tokens);
        }

        Require(epoch >= _mustEpoch, $"epoch {epoch} in the end, {_mustEpoch} was granted");
        var required = Required();
        Require(
            tokens.AsSpan().StartsWith(required),
            $"{tokens.Length} tokens in the end; {required.Length} had been acknowledged");
        Require(durableKv >= _mustKv, $"KV of {durableKv} in the end; {_mustKv} had been acknowledged");
    }

    public void Require(bool holds, string violation)
    {
        if (!holds)
        {
            Trace.Write(world, name, $"VIOLATION: {violation}");
            throw new InvalidOperationException($"Seed {world.Seed}, context {name}: {violation}.");
        }
    }

    private ReadOnlySpan<int> Required()
    {
        var length = _must.Length;
        foreach (var (epoch, kept) in _rewinds.Values)
        {
            length = epoch >= _mustEpoch ? Math.Min(length, kept) : length;
        }

        return _must.AsSpan(0, length);
    }

    /// <summary>What a follower was told as of one epoch fits what the holder of another found: it was durable, and not taken back.</summary>
    private void RequireTold(ulong epoch, int[] tokens, ulong granted, int[] view)
    {
        int[] durable = [.. granted <= epoch
            ? tokens.Where(token => book[token].Epoch < granted)
            : tokens.TakeWhile(token => !_removed.Contains(token))];
        Require(
            view.AsSpan().StartsWith(durable),
            $"a follower had {tokens.Length} tokens of epoch {epoch}; epoch {granted} found {view.Length}, and other ones");
    }

    private void Chain(int[] tokens)
    {
        for (var index = 0; index < tokens.Length; index++)
        {
            var (position, parent, _) = book[tokens[index]];
            Require(
                position == index && parent == (index == 0 ? -1 : tokens[index - 1]),
                $"position {index} holds a token that was appended at {position} behind others");
        }
    }
}
