using Swarm.Format.Manifests;
using Swarm.Format.Segments;

namespace Swarm.Storage.State;

/// <summary>Finds out, while records are folded over a lost segment, what the context lost with it. Lives on the store's loop.</summary>
/// <remarks>
/// Each record names its position and epoch, so that one behind the lost segment tells whether records of the same context are missing
/// before it: inputs that go on where the others end show that no inputs are. A state that was set in the lost segment, and nothing else
/// with it, leaves no trace: the context has the state's content of before.
/// </remarks>
/// <param name="before">What it had lost before.</param>
internal sealed class LossWatch(ContextLoss? before)
{
    private List<LogPosition>? _missing; // None in almost every context.
    private ContextLoss? _found;

    /// <summary>What the context has lost; <see langword="null"/>: nothing.</summary>
    public ContextLoss? Loss => _found is { IsCertain: true } || before is not { IsCertain: true } ? _found ?? before : before;

    /// <summary>Lost segments that were come by.</summary>
    public IReadOnlyList<LogPosition> Missing => _missing ?? [];

    /// <summary>What was come by here; <see langword="null"/>: nothing, or nothing of this context.</summary>
    public ContextLoss? Found => _found;

    /// <summary>Positions up to which KV behind a lost segment is left out, since KV before it was in the segment; 0: none is.</summary>
    public long LostKvEnd { get; private set; }

    /// <summary>A lost segment comes next.</summary>
    /// <param name="lost">Where it was.</param>
    /// <param name="length">Positions whose inputs are there.</param>
    public void Miss(LogPosition lost, long length)
    {
        (_missing ??= []).Add(lost);
        if (_found is not { IsCertain: true })
        {
            _found = new ContextLoss(lost.Writer, lost.Sequence, length, length, IsCertain: false);
        }
    }

    /// <summary>A record of the current incarnation comes next.</summary>
    /// <param name="record">The record.</param>
    /// <param name="fits">Whether it counts.</param>
    /// <param name="length">Positions whose inputs are there, without it.</param>
    /// <param name="epoch">Epoch in force, without it.</param>
    public void See(LogRecord record, bool fits, long length, Epoch epoch)
    {
        if (_missing is not null && record is KvRecord && !fits)
        {
            LostKvEnd = Math.Max(LostKvEnd, EndOf(record));
        }

        if (_found is not { } found)
        {
            return;
        }

        if (fits)
        {
            // A rewind that fits gives up all that could be missing. Inputs that fit follow those before, unless others were left out already.
            if (record is TruncateRecord || (record is TokensRecord && !found.IsCertain))
            {
                _found = null;
            }

            return;
        }

        var end = EndOf(record);
        if (record.Epoch > epoch || end > length || record is TokensRecord or EpochRecord or TruncateRecord)
        {
            _found = found with { IsCertain = true, Known = Math.Max(found.Known, end) };
        }
    }

    private static long EndOf(LogRecord record) => record switch
    {
        TokensRecord tokens => tokens.Position + tokens.Tokens.Length,
        KvRecord kv => kv.Position + kv.Count,
        StateRecord state => state.Position,
        TruncateRecord truncate => truncate.Length,
        _ => 0,
    };
}
