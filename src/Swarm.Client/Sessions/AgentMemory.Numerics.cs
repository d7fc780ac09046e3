using Swarm.Client;
using Swarm.Client.Rehydration;
using Swarm.Format.Manifests;

namespace Swarm;

public sealed partial class AgentMemory
{
    private NumericsHistory _numerics = NumericsHistory.Empty;

    /// <summary>Keeps with the context that this session's runtime computes from a position on, before anything that it computes.</summary>
    /// <param name="before">Who computed what is before it.</param>
    /// <param name="firstPosition">The position.</param>
    private void KeepNumerics(NumericsHistory before, long firstPosition)
    {
        if (_driver is null)
        {
            return;
        }

        _numerics = before.With(_driver.Runtime.Numerics, firstPosition);
        var state = _numerics.ToState();
        var kept = _states.Find(NumericsCodec.StateName);
        if (kept is null ? _numerics.IsUnknown : kept.Content.Span.SequenceEqual(state.Content.Span))
        {
            return;
        }

        if (kept is null && _states.Snapshot().Count >= NamedState.MaxCount)
        {
            ClientLog.NumericsNotKept(_logger, Context, NamedState.MaxCount);
            return;
        }

        try
        {
            if (_spool is not null)
            {
                _spool.AppendState(state);
                _streamer.Work.Fire();
                return;
            }
        }
        catch (SpoolException exception)
        {
            // A session must not fail for it: it goes to the silo alone.
            ClientLog.NumericsNotSpooled(_logger, Context, exception.Message);
        }

        _states.Set(state);
        _streamer.Work.Fire();
    }
}
