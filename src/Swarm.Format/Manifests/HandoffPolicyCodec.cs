using System.Buffers;
using MessagePack;
using Swarm.Format.Objects;

namespace Swarm.Format.Manifests;

/// <summary>Bytes of the state that holds a context's handoff policy; see FORMAT.md, Swarm's own states.</summary>
public static class HandoffPolicyCodec
{
    /// <summary>Name of the state. Its position is always 0, so that rewinds and forks keep it.</summary>
    public const string StateName = Names.ReservedStatePrefix + "handoff";

    private const int Fields = 5;
    private const int LabelFields = 2;
    private const int MaxLabels = 32;
    private const int MaxLabelBytes = 256;

    /// <summary>Encodes a policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <returns>The content of the state.</returns>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public static byte[] Encode(HandoffPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        policy.Validate();
        var content = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(content);
        writer.Array(Fields);
        writer.Number(policy.IsOffered ? 1 : 0);
        writer.Number(policy.HolderSilence.Ticks);
        writer.Number(policy.ReconnectGrace.Ticks);
        writer.Number(policy.WarmStandbys);
        writer.Array(policy.RequiredLabels.Count);
        foreach (var (name, value) in policy.RequiredLabels.OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            writer.Array(LabelFields);
            writer.Text(name);
            writer.Text(value);
        }

        writer.Flush();
        return content.WrittenSpan.ToArray();
    }

    /// <summary>Decodes a policy.</summary>
    /// <param name="content">The content of the state.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="CorruptObjectException">The bytes are not such a state's.</exception>
    public static HandoffPolicy Decode(ReadOnlyMemory<byte> content)
    {
        try
        {
            var reader = new MetaReader(content);
            var unknown = reader.BeginFields(Fields);
            var isOffered = reader.Int32() != 0;
            var silence = TimeSpan.FromTicks(reader.Int64());
            var grace = TimeSpan.FromTicks(reader.Int64());
            var standbys = reader.Int32();
            var labels = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var left = reader.BeginList(MaxLabels); left > 0; left--)
            {
                var fields = reader.BeginFields(LabelFields);
                labels[reader.Text(MaxLabelBytes)] = reader.Text(MaxLabelBytes);
                reader.EndFields(fields);
            }

            reader.EndFields(unknown);
            reader.End();
            var policy = new HandoffPolicy
            {
                IsOffered = isOffered,
                HolderSilence = silence,
                ReconnectGrace = grace,
                WarmStandbys = standbys,
                RequiredLabels = labels,
            };
            policy.Validate();
            return policy;
        }
        catch (Exception fault) when (
            fault is MessagePackSerializationException or EndOfStreamException or OverflowException or ArgumentException)
        {
            throw new CorruptObjectException($"The state '{StateName}' is malformed: {fault.Message}");
        }
    }
}
