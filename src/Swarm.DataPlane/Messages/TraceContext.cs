using System.Diagnostics;

namespace Swarm.DataPlane.Messages;

/// <summary>The caller's span, as W3C Trace Context names it: trace id, span id and flags. It precedes the message of a traced request.</summary>
/// <param name="TraceId">Trace id.</param>
/// <param name="SpanId">Id of the caller's span.</param>
/// <param name="Flags">Trace flags; bit 0: the trace is recorded.</param>
internal readonly record struct TraceContext(ActivityTraceId TraceId, ActivitySpanId SpanId, byte Flags) : IMessage<TraceContext>
{
    /// <summary>Encoded size, in bytes.</summary>
    public const int SizeBytes = TraceIdBytes + SpanIdBytes + 1;

    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;

    /// <inheritdoc/>
    public int EncodedLength => SizeBytes;

    /// <summary>The context of the present span; <see langword="null"/> where there is none, or it has ended.</summary>
    public static TraceContext? OfCaller() => Activity.Current is { IsStopped: false, IdFormat: ActivityIdFormat.W3C } activity
        ? new TraceContext(activity.TraceId, activity.SpanId, (byte)activity.ActivityTraceFlags)
        : null;

    /// <summary>The context as a parent in another process.</summary>
    public ActivityContext ToParent() => new(TraceId, SpanId, (ActivityTraceFlags)Flags, isRemote: true);

    /// <inheritdoc/>
    public static TraceContext Read(ref MessageReader reader) => new(
        ActivityTraceId.CreateFromBytes(reader.ReadBytes(TraceIdBytes)),
        ActivitySpanId.CreateFromBytes(reader.ReadBytes(SpanIdBytes)),
        reader.ReadByte());

    /// <inheritdoc/>
    public void Write(ref MessageWriter writer)
    {
        Span<byte> ids = stackalloc byte[TraceIdBytes + SpanIdBytes];
        TraceId.CopyTo(ids[..TraceIdBytes]);
        SpanId.CopyTo(ids[TraceIdBytes..]);
        writer.WriteBytes(ids);
        writer.WriteByte(Flags);
    }
}
