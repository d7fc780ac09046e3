using System.Text.Json.Nodes;
using Swarm.Core.Identity;
using Swarm.Format.Frames;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Tool.Stores;
using Swarm.Tool.Verification;

namespace Swarm.Tool.Inspection;

/// <summary>Shows segments and logs.</summary>
internal sealed class SegmentInspector(StoreReader reader)
{
    private const int OutlineBytes = 1 << 20;
    private readonly RangeWindow _window = new(reader.Ranges);
    private readonly Dictionary<ContextId, (string Name, ModelDescriptor? Model)> _contexts = [];

    /// <summary>A segment or seal: its records, each payload checked down to its frames.</summary>
    public async Task<InspectView> SegmentAsync(string name)
    {
        ObjectViews.Require(name, BlobNames.LogsPrefix);
        if (Inventory.ParseLog(name) is not { } at)
        {
            throw new ToolException($"'{name}' names no segment: 'log/', the writer's id, '/', 16 hexadecimal digits.");
        }

        try
        {
            var segment = await reader.Segments.ReadAsync(at.Writer, at.Sequence) ?? throw ObjectViews.Missing(name);
            return await ShowAsync(name, segment);
        }
        catch (CorruptObjectException error)
        {
            return await OutlineAsync(name, error.Message);
        }
    }

    /// <summary>A log: one line for each segment.</summary>
    /// <exception cref="ToolException">There is none.</exception>
    public async Task<InspectView> LogAsync(string writer)
    {
        if (!Id128.TryParse(writer, out var id))
        {
            throw new ToolException($"'{writer}' is no writer's id: 32 hexadecimal digits are.");
        }

        var rows = new JsonArray();
        var (isSound, expected) = (true, (ulong?)null);
        await foreach (var item in reader.Blobs.ListAsync($"{BlobNames.LogsPrefix}{id}/", CancellationToken.None))
        {
            if (Inventory.ParseLog(item.Name) is not { } at)
            {
                continue;
            }

            var row = new JsonObject { ["sequence"] = at.Sequence, ["bytes"] = item.Length };
            try
            {
                if (await reader.Segments.ReadAsync(at.Writer, at.Sequence) is { } segment)
                {
                    row["kind"] = segment.IsSeal ? "Seal" : "Segment";
                    row["records"] = segment.Records.Count;
                    row["contexts"] = segment.Records.Select(record => record.Context).Distinct().Count();
                    row["nonce"] = $"{segment.Nonce}";
                }
            }
            catch (CorruptObjectException error)
            {
                isSound = false;
                row["problem"] = error.Message;
            }

            if (expected is { } next && next != at.Sequence)
            {
                row["problem"] = $"{at.Sequence - next} before it are missing";
            }

            expected = at.Sequence + 1;
            rows.Add(row);
        }

        return rows.Count > 0
            ? new InspectView(new JsonObject { ["writer"] = $"{id}", ["segments"] = rows }, isSound)
            : throw new ToolException($"There is no log of writer {id} in the store.");
    }

    private async Task<InspectView> ShowAsync(string name, Segment segment)
    {
        var (content, _) = await HeadAsync(name);
        var records = new JsonArray();
        var isSound = true;
        foreach (var record in segment.Records)
        {
            var row = new JsonObject
            {
                ["type"] = record.Type.ToString(),
                ["context"] = (await ContextAsync(record.Context)).Name,
                ["epoch"] = record.Epoch.Value,
                ["incarnationId"] = $"{record.IncarnationId}",
            };
            Describe(row, record);
            if (record is KvRecord kv && await ProblemAsync(kv) is { } problem)
            {
                isSound = false;
                row["problem"] = problem;
            }

            records.Add(row);
        }

        content["writer"] = $"{segment.Writer}";
        content["sequence"] = segment.Sequence;
        content["nonce"] = $"{segment.Nonce}";
        content["isSeal"] = segment.IsSeal;
        content["records"] = records;
        return new InspectView(content, isSound);
    }

    private static void Describe(JsonObject row, LogRecord record)
    {
        switch (record)
        {
            case TokensRecord tokens:
                (row["first"], row["end"]) = (tokens.Position, tokens.Position + tokens.Tokens.Length);
                row["detail"] = $"{tokens.Steps.Length} steps";
                break;
            case KvRecord kv:
                (row["first"], row["end"]) = (kv.Position, kv.Position + kv.Count);
                row["detail"] = $"{kv.Payload.Length} bytes at {kv.Payload.Offset} of {kv.Payload.Object.Kind}";
                break;
            case InputRecord input:
                (row["first"], row["end"]) = (input.Position, input.Position + input.Digests.Count);
                row["detail"] = $"{input.Payload.Length} bytes at {input.Payload.Offset}";
                break;
            case StateRecord state:
                row["end"] = state.Position;
                row["detail"] = $"'{state.Name}', {state.Content.Length} bytes";
                break;
            case EpochRecord epoch:
                row["detail"] = epoch.Agent.Length > 0 ? $"held by '{epoch.Agent}'" : $"released for '{epoch.ReservedFor}'";
                break;
            case TruncateRecord truncate:
                row["end"] = truncate.Length;
                row["detail"] = $"KV up to {truncate.KvLength}";
                break;
            case ForkRecord fork:
                row["detail"] = $"of {fork.Parent} at {fork.Position}";
                break;
            case TrimRecord trim:
                row["detail"] = $"group {trim.Group} before {trim.FirstKept}";
                break;
        }
    }

    private async Task<string?> ProblemAsync(KvRecord kv)
    {
        try
        {
            var payload = await _window.ReadAsync(
                BlobNames.Of(kv.Context, kv.Payload.Object),
                kv.Payload.Offset,
                kv.Payload.Length,
                kv.Payload.Offset + kv.Payload.Length);
            if ((await ContextAsync(kv.Context)).Model is { } model)
            {
                KvPayload.Verify(model.Geometry, kv.Position, kv.Count, payload.Span);
            }

            return ManifestCodec.Checksum(payload.Span) == kv.Payload.Checksum ? null : "its payload fails its checksum";
        }
        catch (CorruptObjectException error)
        {
            return error.Message;
        }
    }

    /// <summary>A context's name and model, as its root says; its id where that cannot be read.</summary>
    private async Task<(string Name, ModelDescriptor? Model)> ContextAsync(ContextId id)
    {
        if (_contexts.TryGetValue(id, out var known))
        {
            return known;
        }

        (string, ModelDescriptor?) found = ($"{id}", null);
        try
        {
            if (await reader.Roots.ReadAsync(id) is { } root)
            {
                found = ($"{root.Root.Tenant}/{root.Root.Name}", (await reader.ModelAsync(root.Root.Model)).Value);
            }
        }
        catch (CorruptObjectException)
        {
            // Shown by its id.
        }

        return _contexts[id] = found;
    }

    private async Task<InspectView> OutlineAsync(string name, string problem)
    {
        try
        {
            var (head, outline) = await HeadAsync(name);
            return ObjectViews.Damaged(name, (long)head["bytes"]!, outline, problem);
        }
        catch (CorruptObjectException error)
        {
            return new InspectView(new JsonObject { ["object"] = name, ["faults"] = new JsonArray(problem, error.Message) }, false);
        }
    }

    private async Task<(JsonObject Head, ObjectOutline Outline)> HeadAsync(string name)
    {
        var prefix = new byte[OutlineBytes];
        var read = await reader.Ranges.ReadAsync(name, 0, prefix);
        var outline = ObjectOutline.Read(prefix.AsSpan(0, read.Count), read.Length);
        return (ObjectViews.Head(name, read.Length, outline), outline);
    }
}
