using System.Text.Json.Nodes;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Tool.Verification;

namespace Swarm.Tool.Inspection;

/// <summary>Roots, pages and contexts as parts to show. Secrets' hashes and tenants' keys are not among them.</summary>
internal static class ManifestViews
{
    /// <summary>A context as a line of a list.</summary>
    public static JsonObject Row(ContextSummary context)
    {
        if (context.ETag is null)
        {
            return new JsonObject { ["root"] = context.RootName, ["problem"] = context.Problem };
        }

        var row = new JsonObject
        {
            ["tenant"] = context.Tenant,
            ["name"] = context.Name,
            ["state"] = context.State.ToString(),
            ["epoch"] = context.Epoch.Value,
            ["holder"] = context.Holder,
            ["tokens"] = context.Lengths.Tokens,
            ["kv"] = context.Lengths.Kv,
            ["tail"] = string.Join(' ', context.Tails.Select(tail => BlobNames.Log(tail.Writer, tail.Sequence))),
            ["root"] = context.RootName,
        };
        if (context.Loss is { } loss)
        {
            row["loss"] = loss.ToString();
        }

        if (context.Problem is { } problem)
        {
            row["problem"] = problem;
        }

        return row;
    }

    /// <summary>A root.</summary>
    public static JsonObject Root(ContextRoot root) => new()
    {
        ["tenant"] = root.Tenant,
        ["name"] = root.Name,
        ["state"] = root.State.ToString(),
        ["isReadOnly"] = root.IsReadOnly,
        ["generation"] = root.Generation,
        ["nonce"] = $"{root.Nonce}",
        ["model"] = $"{root.Model}",
        ["blockTokens"] = root.BlockTokens,
        ["epoch"] = root.Epoch.Value,
        ["holder"] = root.Holder,
        ["reservedFor"] = root.ReservedFor,
        ["tokens"] = root.TokenLength,
        ["kv"] = new JsonArray([.. root.KvLengths.Select(length => JsonValue.Create(length))]),
        ["blockChain"] = $"{root.BlockChain}",
        ["incarnationId"] = $"{root.IncarnationId}",
        ["parent"] = root.Parent is { } parent ? $"{parent}" : null,
        ["parentPosition"] = root.ParentPosition,
        ["loss"] = root.Loss?.ToString(),
        ["tails"] = new JsonArray([.. root.Tails.Select(tail => new JsonObject
        {
            ["writer"] = $"{tail.Writer}",
            ["sequence"] = tail.Sequence,
            ["segment"] = BlobNames.Log(tail.Writer, tail.Sequence),
        })]),
        ["pages"] = new JsonArray([.. PagesOf(root).Select(page => new JsonObject
        {
            ["kind"] = page.Kind.ToString(),
            ["first"] = page.FirstPosition,
            ["end"] = page.EndPosition,
            ["items"] = page.Items,
            ["bytes"] = page.Length,
            ["incarnationId"] = $"{page.IncarnationId}",
            ["pageId"] = $"{page.PageId}",
        })]),
    };

    /// <summary>A page, by what it says that it is.</summary>
    /// <param name="content">The page.</param>
    /// <param name="kind">What it says that it is.</param>
    /// <param name="context">The context that wrote it, to which its references are relative.</param>
    public static JsonObject Page(byte[] content, ObjectKind kind, ContextId context) => kind switch
    {
        ObjectKind.ExtentPage => new JsonObject
        {
            ["extents"] = new JsonArray([.. ManifestCodec.DecodeExtents(content)
                .Select(extent => Extent(extent, BlobNames.Of(context, extent.Payload.Object)))]),
        },
        ObjectKind.InputPage => Inputs(ManifestCodec.DecodeInputs(content)),
        ObjectKind.StatePage => new JsonObject { ["states"] = States(ManifestCodec.DecodeStates(content)) },
        _ => throw new CorruptObjectException($"it says that it is {kind}, and no page"),
    };

    /// <summary>An index of a log.</summary>
    /// <param name="content">The index.</param>
    /// <param name="writer">The writer that its name says.</param>
    /// <param name="first">The first segment that its name says.</param>
    public static JsonObject Index(byte[] content, Id128 writer, ulong first)
    {
        var index = LogIndexCodec.Decode(content);
        return index.Writer == writer && index.First == first
            ? new JsonObject
            {
                ["writer"] = $"{writer}",
                ["segments"] = new JsonArray([.. index.Segments.Select(segment => new JsonObject
                {
                    ["sequence"] = segment.Sequence,
                    ["records"] = segment.Records.Count,
                    ["contexts"] = segment.Records.Select(record => record.Context).Distinct().Count(),
                    ["nonce"] = $"{segment.Nonce}",
                })]),
            }
            : throw new CorruptObjectException($"it says that it is {index.Writer}/{index.First}");
    }

    /// <summary>A context as a walk found it.</summary>
    public static JsonObject Context(ContextWalk walk)
    {
        if (walk.Root is not { } root)
        {
            return new JsonObject { ["context"] = $"{walk.Id}", ["damage"] = Damage(walk) };
        }

        var owner = walk.State?.Ownership;
        return new JsonObject
        {
            ["tenant"] = root.Tenant,
            ["name"] = root.Name,
            ["context"] = $"{walk.Id}",
            ["root"] = BlobNames.Root(walk.Id),
            ["state"] = root.State.ToString(),
            ["model"] = $"{root.Model}",
            ["modelName"] = walk.Model?.Name,
            ["epoch"] = owner?.Epoch.Value ?? root.Epoch.Value,
            ["holder"] = owner?.Holder ?? root.Holder,
            ["reservedFor"] = owner?.ReservedFor ?? root.ReservedFor,
            ["tokens"] = walk.TokenLength,
            ["kv"] = walk.KvLength,
            ["generation"] = root.Generation,
            ["incarnationId"] = $"{root.IncarnationId}",
            ["parent"] = root.Parent is { } parent ? $"{parent}" : null,
            ["loss"] = (walk.State?.Losses.Found ?? walk.NotedLoss)?.ToString(),
            ["tails"] = new JsonArray([.. walk.Tails.Select(tail => new JsonObject
            {
                ["writer"] = $"{tail.From.Writer}",
                ["first"] = tail.From.Sequence,
                ["end"] = tail.End,
                ["records"] = tail.Records,
                ["isSealed"] = tail.IsSealed,
            })]),
            ["pages"] = new JsonArray([.. PagesOf(root).Select(page => new JsonObject
            {
                ["kind"] = page.Kind.ToString(),
                ["first"] = page.FirstPosition,
                ["end"] = page.EndPosition,
                ["items"] = page.Items,
                ["object"] = walk.NameOf(page),
            })]),
            ["states"] = States(walk.State?.States ?? walk.States),
            ["extents"] = new JsonArray([.. walk.Extents.Select(extent => Extent(extent, walk.ObjectOf(extent)))]),
            ["damage"] = Damage(walk),
        };
    }

    private static JsonArray Damage(ContextWalk walk) => new([.. walk.Damage.ToReport().Select(damage => new JsonObject
    {
        ["object"] = damage.Object,
        ["problem"] = damage.Problem,
        ["cost"] = string.Join("; ", damage.CostTexts),
    })]);

    private static IEnumerable<PageRef> PagesOf(ContextRoot root) =>
        root.InputPages.Concat(root.ExtentPages).Concat(root.StatePage is { } states ? [states] : []);

    private static JsonObject Extent(KvExtent extent, string name) => new()
    {
        ["first"] = extent.FirstPosition,
        ["end"] = extent.EndPosition,
        ["written"] = extent.WrittenCount,
        ["epoch"] = extent.Epoch.Value,
        ["object"] = name,
        ["offset"] = extent.Payload.Offset,
        ["bytes"] = extent.Payload.Length,
    };

    private static JsonObject Inputs((Core.Blocks.BlockHash StartHash, IReadOnlyList<InputRun> Runs) page) => new()
    {
        ["startHash"] = $"{page.StartHash}",
        ["runs"] = new JsonArray([.. page.Runs.Select(run => new JsonObject
        {
            ["first"] = run.FirstPosition,
            ["end"] = run.FirstPosition + run.Tokens.Length,
            ["steps"] = run.Steps.Length,
        })]),
    };

    private static JsonArray States(IEnumerable<NamedState> states) => new([.. states.Select(state => new JsonObject
    {
        ["name"] = state.Name,
        ["position"] = state.Position,
        ["bytes"] = state.Content.Length,
    })]);
}
