namespace Swarm.Format.Segments;

/// <summary>What a record may hold: the same when it is written and when it is read.</summary>
internal static class RecordRules
{
    /// <summary>Most inputs of a record.</summary>
    public const int MaxInputs = 1 << 16;

    /// <summary>Checks a record.</summary>
    /// <param name="record">The record; own payload is relative to the payload area.</param>
    /// <param name="ownLength">Bytes of the segment's payload area.</param>
    /// <exception cref="ArgumentException">It is not valid; the message says why.</exception>
    public static void Check(LogRecord record, long ownLength)
    {
        switch (record)
        {
            case TokensRecord tokens:
                Require(tokens.Tokens.Length <= MaxInputs, "tokens", tokens.Tokens.Length, MaxInputs);
                TokenRuns.Check(tokens.Position, tokens.Tokens.Span, tokens.Steps.Span);
                break;
            case InputRecord input:
                Require(input.Digests.Count <= MaxInputs, "inputs", input.Digests.Count, MaxInputs);
                TokenRuns.CheckPositions(input.Position, input.Digests.Count);
                PayloadRefs.Check(input.Payload, ownLength);
                break;
            case KvRecord kv:
                TokenRuns.CheckPositions(kv.Position, kv.Count);
                Require(kv.Payload.Length > 0, "payload bytes", kv.Payload.Length, PayloadRefs.MaxBytes);
                PayloadRefs.Check(kv.Payload, ownLength);
                break;
            case StateRecord state:
                CheckState(state.Name, state.Position, state.Content.Length);
                break;
            case EpochRecord epoch:
                CheckAgentOrEmpty(epoch.Agent);
                CheckAgentOrEmpty(epoch.ReservedFor);
                break;
            case TruncateRecord truncate:
                Require(truncate.Length >= 0, "positions to keep", truncate.Length, long.MaxValue);
                Require(
                    truncate.KvLength >= 0 && truncate.KvLength <= truncate.Length, "positions of KV to keep", truncate.KvLength, truncate.Length);
                break;
            case ForkRecord fork:
                Require(fork.Position >= 0, "shared positions", fork.Position, long.MaxValue);
                break;
            case TrimRecord trim:
                Require(
                    trim.Group is >= 0 and < KvGeometry.MaxGroups, "as layer group", trim.Group, KvGeometry.MaxGroups - 1);
                Require(trim.FirstKept >= 0, "as first kept position", trim.FirstKept, long.MaxValue);
                break;
            default:
                throw new ArgumentException($"Records of type {record.GetType().Name} are not known.", nameof(record));
        }
    }

    /// <summary>Checks a named state.</summary>
    /// <exception cref="ArgumentException">It is not valid.</exception>
    public static void CheckState(string name, long position, int contentBytes)
    {
        Names.RequireState(name);
        Require(position >= 0, "as a state's position", position, long.MaxValue);
        Require(contentBytes <= NamedState.MaxBytes, "bytes of state", contentBytes, NamedState.MaxBytes);
    }

    /// <summary>Checks the name of an agent that may be nobody.</summary>
    /// <exception cref="ArgumentException">It is not valid.</exception>
    public static void CheckAgentOrEmpty(string name)
    {
        if (name.Length > 0)
        {
            Names.RequireAgent(name);
        }
    }

    private static void Require(bool holds, string what, long value, long max)
    {
        if (!holds)
        {
            throw new ArgumentException($"{value} {what}; not negative or empty, and at most {max}, is allowed.");
        }
    }
}
