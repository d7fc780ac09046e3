using Swarm.Core.Identity;
using Swarm.Format.Objects;

namespace Swarm.Storage.Collection;

/// <summary>An object that may be garbage, as its name tells.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Writer">Writer of a segment or log index; default of other objects.</param>
/// <param name="Sequence">Number of a segment, or of the first one of an index.</param>
/// <param name="Context">Context of a chunk or page; default of what belongs to a log.</param>
/// <param name="IncarnationId">The incarnation that made a chunk or page.</param>
internal sealed record Candidate(
    string Name, long Bytes, Id128 Writer, ulong Sequence, ContextId Context, Id128 IncarnationId)
{
    /// <summary>Whether it belongs to a log, and to no context.</summary>
    public bool IsOfLog => Context == default;

    /// <summary>Whether it is an index of a log.</summary>
    public bool IsIndex => Name.StartsWith(BlobNames.LogIndexesPrefix, StringComparison.Ordinal);

    /// <summary>Whether it is a segment or a seal.</summary>
    public bool IsSegment => IsOfLog && !IsIndex;

    /// <summary>Reads a name.</summary>
    /// <returns>The candidate, or <see langword="null"/> when it is not the name of a segment, log index, chunk or page.</returns>
    public static Candidate? Parse(string name, long bytes)
    {
        var parts = name.Split('/');
        if (parts is ["log" or "logindex", var writer, var number]
            && Id128.TryParse(writer, out var writerId)
            && ulong.TryParse(number, System.Globalization.NumberStyles.HexNumber, null, out var sequence))
        {
            return new Candidate(name, bytes, writerId, sequence, default, default);
        }

        return parts is [var kind, var tenant, var context, var open, _]
            && $"{kind}/" is BlobNames.ChunksPrefix or BlobNames.PagesPrefix
            && Id128.TryParse(tenant, out var tenantId)
            && Id128.TryParse(context, out var contextId)
            && Id128.TryParse(open, out var incarnationId)
                ? new Candidate(name, bytes, default, 0, new ContextId(tenantId, contextId), incarnationId)
                : null;
    }
}
