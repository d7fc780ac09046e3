using Swarm.Core.Identity;
using Swarm.Format.Frames;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Tool.Stores;

namespace Swarm.Tool.Verification;

/// <summary>Checks segments and chunks once each, every byte that some checksum covers.</summary>
/// <param name="reader">The store.</param>
/// <param name="modelOf">A context's model, where it is known: the geometry that its frames are held to.</param>
/// <param name="isQuick">Whether payload is only measured.</param>
internal sealed class ObjectChecker(StoreReader reader, Func<ContextId, ModelDescriptor?> modelOf, bool isQuick)
{
    private readonly Dictionary<string, ObjectVerdict> _verdicts = new(StringComparer.Ordinal);
    private readonly RangeWindow _window = new(reader.Ranges);

    /// <summary>Objects that were checked.</summary>
    public IEnumerable<ObjectVerdict> Verdicts => _verdicts.Values;

    /// <summary>Bytes of KV payload whose checksums were computed.</summary>
    public long KvBytes => _window.HandedOut;

    /// <summary>Checks the KV of an extent.</summary>
    /// <returns>What is wrong, or <see langword="null"/>.</returns>
    public async Task<string?> CheckAsync(ContextWalk walk, KvExtent extent)
    {
        var payload = extent.Payload;
        var name = walk.ObjectOf(extent);
        var verdict = payload.Object.Kind == ObjectKind.Segment
            ? await SegmentAsync(payload.Object.Owner, payload.Object.Number)
            : await ChunkAsync(name);
        if (verdict.IsMissing)
        {
            return "it is missing";
        }

        if (payload.Offset + payload.Length > verdict.Length)
        {
            return $"it ends at {verdict.Length}, within the {payload.Length} bytes at {payload.Offset}";
        }

        if (isQuick)
        {
            return null;
        }

        if (!verdict.Payloads.TryGetValue((payload.Offset, payload.Length, payload.Checksum), out var problem))
        {
            problem = await VerifyAsync(verdict, payload, walk.Model, (extent.FirstPosition, extent.WrittenCount));
        }

        if (problem is not null)
        {
            verdict.Claimed.Add(problem);
        }

        return problem;
    }

    /// <summary>Checks a segment: its index, and all payload that this names.</summary>
    public async Task<ObjectVerdict> SegmentAsync(Id128 writer, ulong sequence)
    {
        var name = BlobNames.Log(writer, sequence);
        if (_verdicts.TryGetValue(name, out var known))
        {
            return known;
        }

        var verdict = new ObjectVerdict(name, await LengthAsync(name), null);
        try
        {
            if (!verdict.IsMissing && await reader.Segments.ReadAsync(writer, sequence) is { } segment && !isQuick)
            {
                await CheckPayloadsAsync(verdict, segment);
            }
        }
        catch (CorruptObjectException error)
        {
            verdict = verdict with { Problem = error.Message };
        }

        return _verdicts[name] = verdict;
    }

    private async Task<ObjectVerdict> ChunkAsync(string name)
    {
        if (_verdicts.TryGetValue(name, out var known))
        {
            return known;
        }

        var verdict = new ObjectVerdict(name, await LengthAsync(name), null);
        if (!verdict.IsMissing)
        {
            try
            {
                var prefix = new byte[Math.Min(verdict.Length, SegmentCodec.ProbeBytes)];
                var read = await reader.Ranges.ReadAsync(name, 0, prefix);
                var end = ChunkCodec.IndexEnd(prefix.AsSpan(0, read.Count));
                if (end > prefix.Length && end <= verdict.Length)
                {
                    prefix = new byte[end];
                    read = await reader.Ranges.ReadAsync(name, 0, prefix);
                }

                ChunkCodec.PayloadStart(prefix.AsSpan(0, read.Count), read.Length);
            }
            catch (CorruptObjectException error)
            {
                verdict = verdict with { Problem = $"{name}: {error.Message}" };
            }
        }

        return _verdicts[name] = verdict;
    }

    private async Task CheckPayloadsAsync(ObjectVerdict verdict, Segment segment)
    {
        var self = ObjectRef.Segment(segment.Writer, segment.Sequence);
        foreach (var record in segment.Records.OrderBy(record => Payload(record).Offset))
        {
            var payload = Payload(record);
            if (payload.Object == self && payload.Length > 0)
            {
                var run = record is KvRecord kv ? (kv.Position, kv.Count) : default;
                verdict.Payloads[(payload.Offset, payload.Length, payload.Checksum)] = await VerifyAsync(
                    verdict, payload, record is KvRecord ? modelOf(record.Context) : null, run);
            }
        }
    }

    private static PayloadRef Payload(LogRecord record) => record switch
    {
        KvRecord kv => kv.Payload,
        InputRecord input => input.Payload,
        _ => default,
    };

    /// <summary>Checks a payload against its reference, and its frames against their own checksums.</summary>
    private async Task<string?> VerifyAsync(
        ObjectVerdict verdict, PayloadRef payload, ModelDescriptor? model, (long First, int Count) run)
    {
        try
        {
            var content = await _window.ReadAsync(verdict.Name, payload.Offset, payload.Length, verdict.Length);
            if (ManifestCodec.Checksum(content.Span) != payload.Checksum)
            {
                return $"the {payload.Length} bytes at {payload.Offset} fail their checksum{BadFrame(model, run, content.Span)}";
            }

            if (model is not null)
            {
                KvPayload.Verify(model.Geometry, run.First, run.Count, content.Span);
            }

            return null;
        }
        catch (CorruptObjectException error)
        {
            return $"the {payload.Length} bytes at {payload.Offset}: {error.Message}";
        }
    }

    private static string BadFrame(ModelDescriptor? model, (long First, int Count) run, ReadOnlySpan<byte> content)
    {
        try
        {
            if (model is not null)
            {
                KvPayload.Verify(model.Geometry, run.First, run.Count, content);
            }

            return "";
        }
        catch (CorruptObjectException error)
        {
            return $": {error.Message}";
        }
    }

    private async Task<long> LengthAsync(string name)
    {
        try
        {
            var read = await reader.Ranges.ReadAsync(name, 0, new byte[1]);
            return read.IsMissing ? -1 : read.Length;
        }
        catch (CorruptObjectException)
        {
            return 0; // There, and unreadable: whoever reads its content says what is wrong.
        }
    }
}
