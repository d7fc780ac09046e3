using System.Threading.Channels;
using Swarm.Core.Contexts;
using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Client;

/// <summary>A request that is answered by many frames and an end.</summary>
/// <typeparam name="TItem">What a frame holds.</typeparam>
/// <param name="parse">Reads a frame's body; not used where items come by <see cref="Add"/>.</param>
internal class PendingStream<TItem>(PendingStream<TItem>.Parser? parse) : PendingReply
{
    private readonly Channel<TItem> _items = Channel.CreateUnbounded<TItem>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    /// <summary>Reads an item.</summary>
    public delegate TItem Parser(FrameHeader header, ReadOnlySpan<byte> body);

    public override bool IsStream => true;

    /// <summary>Items as they arrive.</summary>
    public ChannelReader<TItem> Items => _items.Reader;

    /// <summary>Adds an item that was received apart from here.</summary>
    /// <returns><see langword="false"/> if nobody wants it any more.</returns>
    public bool Add(TItem item) => _items.Writer.TryWrite(item);

    /// <summary>Says that no more items are wanted.</summary>
    public void Stop() => _items.Writer.TryComplete();

    public override bool Accept(FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (header.Type == FrameType.End)
        {
            MessageReader.ReadAll<End>(body);
            _items.Writer.TryComplete();
            return true;
        }

        _items.Writer.TryWrite(parse is null
            ? throw new ProtocolException($"a {header.Type} frame answers a read of KV")
            : parse(header, body));
        return false;
    }

    public override void Fail(Exception exception) => _items.Writer.TryComplete(exception);
}

/// <summary>A read of KV, or a follower, that waits for its runs.</summary>
/// <param name="target">Where they may go; <see langword="null"/> for buffers alone.</param>
/// <param name="parse">Reads what is no run; <see langword="null"/> where there is nothing else.</param>
internal sealed class PendingKv(KvReceiveTarget? target, PendingStream<ReceivedRun>.Parser? parse = null) : PendingStream<ReceivedRun>(parse)
{
    /// <summary>Where runs may go.</summary>
    public KvReceiveTarget? Target { get; } = target;
}

/// <summary>A run of KV as it came.</summary>
/// <param name="Head">What it is.</param>
/// <param name="Payload">The frames, not verified yet; to be disposed. <see langword="null"/> where they were received in place.</param>
/// <param name="InPlace">How they were received in place.</param>
/// <param name="Told">What a follower was told in place of a run.</param>
internal sealed record ReceivedRun(KvHead Head, PooledBuffer? Payload, KvInPlace? InPlace, Followed? Told = null);
