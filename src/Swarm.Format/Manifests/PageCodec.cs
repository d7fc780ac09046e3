using System.Buffers;
using Swarm.Core.Blocks;
using Swarm.Format.Objects;
using Swarm.Format.Segments;

namespace Swarm.Format.Manifests;

/// <summary>Bytes of pages; see FORMAT.md, Pages.</summary>
internal static class PageCodec
{
    /// <summary>Most states of a page.</summary>
    public const int MaxStates = 64;

    /// <summary>Most runs of an input page.</summary>
    public const int MaxRuns = 1 << 20;

    private const int ExtentFields = 7;
    private const int RunFields = 3;
    private const int StateFields = 3;

    /// <summary>Encodes a page of extents.</summary>
    public static byte[] EncodeExtents(IReadOnlyList<KvExtent> extents)
    {
        CheckExtents(extents);
        var meta = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(meta);
        writer.Array(1);
        writer.Array(extents.Count);
        foreach (var extent in extents)
        {
            writer.Array(ExtentFields);
            writer.Number(extent.FirstPosition);
            writer.Number(extent.Count);
            writer.Number(extent.WrittenCount);
            writer.Number(extent.Epoch.Value);
            writer.Digest(extent.PrefixHash.Value);
            PayloadRefs.Write(ref writer, extent.Payload);
            writer.Number(0); // Key version: not encrypted.
        }

        writer.Flush();
        return ObjectCodec.Encode(ObjectKind.ExtentPage, meta.WrittenSpan);
    }

    /// <summary>Reads a page of extents.</summary>
    public static IReadOnlyList<KvExtent> ReadExtents(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(1);
        var extents = new KvExtent[reader.BeginList(ManifestCodec.MaxPageExtents)];
        for (var index = 0; index < extents.Length; index++)
        {
            var fields = reader.BeginFields(ExtentFields);
            extents[index] = new KvExtent(
                reader.Position(), reader.Int32(), reader.Int32(), new Epoch(reader.UInt64()),
                new BlockHash(reader.Digest()), PayloadRefs.Read(ref reader));
            reader.Reserved(0, "Key version");
            reader.EndFields(fields);
        }

        reader.EndFields(unknown);
        CheckExtents(extents);
        return extents;
    }

    /// <summary>Encodes a page of inputs.</summary>
    public static byte[] EncodeInputs(BlockHash startHash, IReadOnlyList<InputRun> runs)
    {
        CheckInputs(runs);
        var meta = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(meta);
        writer.Array(2);
        writer.Digest(startHash.Value);
        writer.Array(runs.Count);
        foreach (var run in runs)
        {
            writer.Array(RunFields);
            writer.Number(run.FirstPosition);
            TokenRuns.Write(ref writer, run.Tokens.Span, run.Steps.Span);
        }

        writer.Flush();
        return ObjectCodec.Encode(ObjectKind.InputPage, meta.WrittenSpan);
    }

    /// <summary>Reads a page of inputs.</summary>
    public static (BlockHash StartHash, IReadOnlyList<InputRun> Runs) ReadInputs(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(2);
        var startHash = new BlockHash(reader.Digest());
        var runs = new InputRun[reader.BeginList(MaxRuns)];
        for (var index = 0; index < runs.Length; index++)
        {
            var fields = reader.BeginFields(RunFields);
            var firstPosition = reader.Position();
            var (tokens, steps) = TokenRuns.Read(ref reader);
            runs[index] = new InputRun(firstPosition, tokens, steps);
            reader.EndFields(fields);
        }

        reader.EndFields(unknown);
        CheckInputs(runs);
        return (startHash, runs);
    }

    /// <summary>Encodes a page of states.</summary>
    public static byte[] EncodeStates(IReadOnlyList<NamedState> states)
    {
        CheckStates(states);
        var meta = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(meta);
        writer.Array(1);
        writer.Array(states.Count);
        foreach (var state in states)
        {
            writer.Array(StateFields);
            writer.Text(state.Name);
            writer.Number(state.Position);
            writer.Bytes(state.Content.Span);
        }

        writer.Flush();
        return ObjectCodec.Encode(ObjectKind.StatePage, meta.WrittenSpan);
    }

    /// <summary>Reads a page of states.</summary>
    public static IReadOnlyList<NamedState> ReadStates(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(1);
        var states = new NamedState[reader.BeginList(MaxStates)];
        for (var index = 0; index < states.Length; index++)
        {
            var fields = reader.BeginFields(StateFields);
            states[index] = new NamedState(
                reader.Text(Names.MaxStateLength), reader.Position(), reader.Bytes(NamedState.MaxBytes).ToArray());
            reader.EndFields(fields);
        }

        reader.EndFields(unknown);
        CheckStates(states);
        return states;
    }

    private static void CheckExtents(IReadOnlyList<KvExtent> extents)
    {
        CheckCount(extents.Count, ManifestCodec.MaxPageExtents, "extents");
        for (var index = 0; index < extents.Count; index++)
        {
            var extent = extents[index];
            TokenRuns.CheckPositions(extent.FirstPosition, extent.WrittenCount);
            if (extent.Count < 1 || extent.Count > extent.WrittenCount)
            {
                throw new ArgumentException(
                    $"Extent {index}: {extent.Count} positions of {extent.WrittenCount} written count.", nameof(extents));
            }

            if (extent.Payload.Length == 0)
            {
                throw new ArgumentException($"Extent {index} has no payload.", nameof(extents));
            }

            PayloadRefs.CheckNamed(extent.Payload);
            CheckFollows(index, extent.FirstPosition, index == 0 ? 0 : extents[index - 1].EndPosition, "Extent");
        }
    }

    private static void CheckInputs(IReadOnlyList<InputRun> runs)
    {
        CheckCount(runs.Count, MaxRuns, "runs");
        for (var index = 0; index < runs.Count; index++)
        {
            var run = runs[index];
            TokenRuns.Check(run.FirstPosition, run.Tokens.Span, run.Steps.Span);
            var end = index == 0 ? 0 : runs[index - 1].FirstPosition + runs[index - 1].Tokens.Length;
            CheckFollows(index, run.FirstPosition, end, "Run");
        }
    }

    private static void CheckStates(IReadOnlyList<NamedState> states)
    {
        CheckCount(states.Count, MaxStates, "states");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var state in states)
        {
            RecordRules.CheckState(state.Name, state.Position, state.Content.Length);
            if (!names.Add(state.Name))
            {
                throw new ArgumentException($"State '{state.Name}' is there twice.", nameof(states));
            }
        }
    }

    private static void CheckCount(int count, int max, string what)
    {
        if (count < 1 || count > max)
        {
            throw new ArgumentException($"A page has {count} {what}; 1 to {max} are allowed.");
        }
    }

    private static void CheckFollows(int index, long firstPosition, long end, string what)
    {
        if (index > 0 && firstPosition != end)
        {
            throw new ArgumentException($"{what} {index} begins at {firstPosition}; the one before ends at {end}.");
        }
    }
}
