using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Swarm.Core.Blocks;
using Swarm.Format.Objects;

namespace Swarm.Format.Manifests;

/// <summary>Bytes of roots; see FORMAT.md, Root.</summary>
internal static class RootCodec
{
    private const int Fields = 23;
    private const int PageFields = 8;
    private const int TailFields = 2;
    private const int LossFields = 5;

    /// <summary>Encodes a root.</summary>
    public static byte[] Encode(ContextRoot root)
    {
        if (root.IsReadOnly)
        {
            throw new InvalidOperationException(
                $"The root of {root.Tenant}/{root.Name} has features that this build must not rewrite. Use a newer one.");
        }

        RootRules.Check(root);
        var meta = new ArrayBufferWriter<byte>();
        WriteMeta(meta, root);
        var length = ObjectHeader.SizeBytes + meta.WrittenCount;
        return length <= ContextRoot.MaxBytes
            ? ObjectCodec.Encode(ObjectKind.Root, meta.WrittenSpan)
            : throw new InvalidOperationException(
                $"The root of {root.Tenant}/{root.Name} has {length} bytes; at most {ContextRoot.MaxBytes} are allowed: "
                + $"merge its {root.ExtentPages.Length} extent pages and {root.InputPages.Length} input pages.");
    }

    /// <summary>Decodes a root.</summary>
    public static ContextRoot Decode(ReadOnlySpan<byte> content)
    {
        if (content.Length > ContextRoot.MaxBytes)
        {
            throw new CorruptObjectException(
                $"A root of {content.Length} bytes; at most {ContextRoot.MaxBytes} are allowed.");
        }

        var root = ObjectCodec.Decode(ObjectKind.Root, content, ReadMeta, out var header);
        return root with { IsReadOnly = header.ReadOnlyFeatures != 0 };
    }

    private static void WriteMeta(ArrayBufferWriter<byte> meta, ContextRoot root)
    {
        var writer = new MetaWriter(meta);
        writer.Array(Fields + (root.Loss is null ? 0 : 1));
        writer.Number((int)root.State);
        writer.Id(root.Nonce);
        writer.Number(root.Generation);
        writer.Text(root.Tenant);
        writer.Text(root.Name);
        writer.Digest(root.Model.Value);
        writer.Number(root.BlockTokens);
        writer.Number(root.Epoch.Value);
        writer.Text(root.Holder);
        writer.Text(root.ReservedFor);
        writer.Digest(root.SecretHash);
        writer.Number(root.TokenLength);
        writer.Array(root.KvLengths.Length);
        foreach (var length in root.KvLengths)
        {
            writer.Number(length);
        }

        writer.Digest(root.BlockChain.Value);
        WritePages(ref writer, root.ExtentPages);
        WritePages(ref writer, root.InputPages);
        WritePages(ref writer, root.StatePage is null ? [] : [root.StatePage]);
        writer.Array(root.Tails.Length);
        foreach (var (logWriter, sequence) in root.Tails)
        {
            writer.Array(TailFields);
            writer.Id(logWriter);
            writer.Number(sequence);
        }

        writer.Id(root.IncarnationId);
        if (root.Parent is { } parent)
        {
            writer.Context(parent);
        }
        else
        {
            writer.Nil();
        }

        writer.Number(root.ParentPosition);
        writer.Number(root.RotaryOffset);
        writer.Number(root.KeyVersion);
        if (root.Loss is { } loss)
        {
            writer.Array(LossFields);
            writer.Id(loss.Writer);
            writer.Number(loss.Sequence);
            writer.Number(loss.Kept);
            writer.Number(loss.Known);
            writer.Number(loss.IsCertain ? 1 : 0);
        }

        writer.Flush();
    }

    private static ContextRoot ReadMeta(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(Fields);
        // An initializer runs in its order: this is the order of the fields.
        var root = new ContextRoot
        {
            State = (RootState)reader.Int32(),
            Nonce = reader.Id(),
            Generation = reader.UInt64(),
            Tenant = reader.Text(Names.MaxTenantLength),
            Name = reader.Text(Names.MaxContextLength),
            Model = new ModelFingerprint(reader.Digest()),
            BlockTokens = reader.Int32(),
            Epoch = new Epoch(reader.UInt64()),
            Holder = reader.Text(Names.MaxAgentLength),
            ReservedFor = reader.Text(Names.MaxAgentLength),
            SecretHash = reader.Digest(),
            TokenLength = reader.Position(),
            KvLengths = ReadLengths(ref reader),
            BlockChain = new BlockHash(reader.Digest()),
            ExtentPages = ReadPages(ref reader, ContextRoot.MaxBytes),
            InputPages = ReadPages(ref reader, ContextRoot.MaxBytes),
            StatePage = ReadPages(ref reader, 1) is [var page] ? page : null,
            Tails = ReadTails(ref reader),
            IncarnationId = reader.Id(),
            Parent = reader.TryNil() ? null : reader.Context(),
            ParentPosition = reader.Position(),
            RotaryOffset = reader.Int64(),
            KeyVersion = reader.UInt32(),
        };
        if (unknown > 0)
        {
            root = root with { Loss = reader.TryNil() ? null : ReadLoss(ref reader) };
            unknown--;
        }

        reader.EndFields(unknown);
        RootRules.Check(root);
        return root;
    }

    private static ContextLoss ReadLoss(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(LossFields);
        var loss = new ContextLoss(
            reader.Id(), reader.UInt64(), reader.Position(), reader.Position(), reader.Int32() != 0);
        reader.EndFields(unknown);
        return loss;
    }

    private static void WritePages(ref MetaWriter writer, ImmutableArray<PageRef> pages)
    {
        writer.Array(pages.Length);
        foreach (var page in pages)
        {
            writer.Array(PageFields + (page.Context is null ? 0 : 1));
            writer.Number((int)page.Kind);
            writer.Id(page.IncarnationId);
            writer.Id(page.PageId);
            writer.Number(page.FirstPosition);
            writer.Number(page.EndPosition);
            writer.Number(page.Items);
            writer.Number(page.Length);
            writer.Number(page.Checksum);
            if (page.Context is { } other)
            {
                writer.Context(other);
            }
        }
    }

    private static ImmutableArray<PageRef> ReadPages(ref MetaReader reader, int max)
    {
        var pages = new PageRef[reader.BeginList(max)];
        for (var index = 0; index < pages.Length; index++)
        {
            var unknown = reader.BeginFields(PageFields);
            pages[index] = new PageRef(
                (ObjectKind)reader.Int32(), reader.Id(), reader.Id(), reader.Position(), reader.Position(),
                reader.Int32(), reader.Int32(), reader.UInt64());
            if (unknown > 0)
            {
                pages[index] = pages[index] with { Context = reader.Context() };
                unknown--;
            }

            reader.EndFields(unknown);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(pages);
    }

    private static ImmutableArray<long> ReadLengths(ref MetaReader reader)
    {
        var lengths = new long[reader.BeginList(KvGeometry.MaxGroups)];
        for (var index = 0; index < lengths.Length; index++)
        {
            lengths[index] = reader.Position();
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(lengths);
    }

    private static ImmutableArray<LogPosition> ReadTails(ref MetaReader reader)
    {
        var tails = new LogPosition[reader.BeginList(RootRules.MaxTails)];
        for (var index = 0; index < tails.Length; index++)
        {
            var unknown = reader.BeginFields(TailFields);
            tails[index] = new LogPosition(reader.Id(), reader.UInt64());
            reader.EndFields(unknown);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(tails);
    }
}
