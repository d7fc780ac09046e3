using System.Buffers;
using MessagePack;
using Swarm.Format.Objects;

namespace Swarm.Format.Manifests;

/// <summary>Bytes of the state that tells which numerics identities computed a context; see FORMAT.md, Swarm's own states.</summary>
public static class NumericsCodec
{
    /// <summary>Name of the state. Its position is always 0, so that rewinds and forks keep it.</summary>
    public const string StateName = Names.ReservedStatePrefix + "numerics";

    /// <summary>Most runs: what they take fits a state.</summary>
    public const int MaxRuns = 64;

    private const int Fields = 1;
    private const int RunFields = 2;

    /// <summary>Encodes runs.</summary>
    /// <param name="runs">At most <see cref="MaxRuns"/>, each identity once.</param>
    /// <returns>The content of the state.</returns>
    /// <exception cref="ArgumentException">There are too many.</exception>
    public static byte[] Encode(IReadOnlyList<NumericsRun> runs)
    {
        if (runs.Count > MaxRuns)
        {
            throw new ArgumentException($"{runs.Count} runs; at most {MaxRuns} are allowed.", nameof(runs));
        }

        var content = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(content);
        writer.Array(Fields);
        writer.Array(runs.Count);
        foreach (var run in runs)
        {
            writer.Array(RunFields);
            writer.Number(run.FirstPosition);
            writer.Text(run.Numerics.ToString());
        }

        writer.Flush();
        return content.WrittenSpan.ToArray();
    }

    /// <summary>Decodes runs.</summary>
    /// <param name="content">The content of the state.</param>
    /// <returns>The runs.</returns>
    /// <exception cref="CorruptObjectException">The bytes are not such a state's.</exception>
    public static IReadOnlyList<NumericsRun> Decode(ReadOnlyMemory<byte> content)
    {
        try
        {
            var reader = new MetaReader(content);
            var unknown = reader.BeginFields(Fields);
            var runs = new NumericsRun[reader.BeginList(MaxRuns)];
            for (var index = 0; index < runs.Length; index++)
            {
                var fields = reader.BeginFields(RunFields);
                runs[index] = new NumericsRun(reader.Position(), new NumericsIdentity(reader.Text(NumericsIdentity.MaxBytes)));
                reader.EndFields(fields);
            }

            reader.EndFields(unknown);
            reader.End();
            return runs;
        }
        catch (Exception fault) when (
            fault is MessagePackSerializationException or EndOfStreamException or OverflowException or ArgumentException)
        {
            throw new CorruptObjectException($"The state '{StateName}' is malformed: {fault.Message}");
        }
    }
}
