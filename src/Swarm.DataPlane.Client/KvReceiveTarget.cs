using System.Diagnostics.CodeAnalysis;
using Swarm.Core.Blocks;
using Swarm.DataPlane.Messages;
using Swarm.Format.Frames;

namespace Swarm.DataPlane.Client;

/// <summary>A runtime's memory that a read of KV goes into, straight off the wire, while its reader lets it. Thread-safe; for one read.</summary>
/// <remarks>
/// <para>
/// The connection writes into the memory between <see cref="Open"/> and the end of <see cref="CloseAsync"/> alone: close it before the
/// runtime computes, truncates or is disposed. Runs that come while it is closed wait in buffers, as those of a read without a target do.
/// </para>
/// <para>
/// It takes runs that follow on what came before them, without a hole, and closes itself behind one that is damaged, goes back or is
/// not accepted, until its reader is through with that one: so those that it took may be used in their order, each where the one before it was.
/// </para>
/// </remarks>
/// <param name="geometry">The runtime's geometry.</param>
/// <param name="memory">The runtime's memory.</param>
/// <param name="accepts">Whether a run may go there: first position, positions, and the chain hash through the last of them.</param>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer and no wait handle.")]
public sealed class KvReceiveTarget(KvGeometry geometry, IKvMemory memory, Func<long, int, BlockHash, bool> accepts)
{
    private readonly Lock _lock = new();
    private readonly KvPayloadReceiver _receiver = new(geometry, memory);
    private readonly CancellationTokenSource _givenUp = new();
    private TaskCompletionSource? _ended;
    private bool _isOpen;
    private bool _isReceiving;
    private int _opening;
    private long _received;
    private long _next = -1; // Where the run that follows on what came begins.
    private long _closedUntil; // Where the last run ends that it has closed itself behind.

    /// <summary>Number of the opening, see <see cref="Forget"/>.</summary>
    public int Opening
    {
        get
        {
            lock (_lock)
            {
                return _opening;
            }
        }
    }

    /// <summary>Runs that it took so far, whether their reader has seen them or not.</summary>
    public long Received
    {
        get
        {
            lock (_lock)
            {
                return _received;
            }
        }
    }

    /// <summary>Lets runs come in, from the next one on; not where it has closed itself behind one that the reader has not seen.</summary>
    /// <param name="taken">Positions up to which the reader has taken all runs; 0 at first.</param>
    public void Open(long taken)
    {
        lock (_lock)
        {
            _isOpen |= taken >= _closedUntil && !_givenUp.IsCancellationRequested;
        }
    }

    /// <summary>Lets no more runs come in.</summary>
    /// <param name="cancellationToken">
    /// Gives a run up that is on its way in: the connection drops the rest of it, and goes on. That run never comes, no other one
    /// comes in, and the target stays closed: end the read.
    /// </param>
    /// <returns>
    /// Ends when nothing is written into the memory any more: a run that is on its way in comes in whole, is given up, or the
    /// connection is lost. Never faults.
    /// </returns>
    public async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        Task ended;
        lock (_lock)
        {
            _isOpen = false;
            if (!_isReceiving)
            {
                return;
            }

            _ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ended = _ended.Task;
        }

        using (cancellationToken.UnsafeRegister(static givenUp => ((CancellationTokenSource)givenUp!).Cancel(), _givenUp))
        {
            await ended.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Says that what came in and was not committed is lost, as by a step that is computed. Runs of the openings before tell by
    /// <see cref="KvInPlace.Opening"/> that they are. Close it before.
    /// </summary>
    public void Forget()
    {
        lock (_lock)
        {
            _opening++;
        }
    }

    /// <summary>Cancelled when a run that is on its way in is given up: then write nothing more into the memory, and call <see cref="End"/>.</summary>
    internal CancellationToken GivenUp => _givenUp.Token;

    /// <summary>Takes a run, or not. Called for every run of the read, in order, by the connection.</summary>
    internal KvPayloadReceiver? TryBegin(KvHead head, int length)
    {
        lock (_lock)
        {
            if (head.FirstPosition > int.MaxValue - head.Count || head.FirstPosition < _next || head.Count == 0 || length == 0)
            {
                CloseBehind(head);
                return null;
            }

            var follows = _next == -1 || head.FirstPosition == _next;
            _next = head.FirstPosition + head.Count;
            if (!_isOpen || !follows)
            {
                return null;
            }

            if (!accepts(head.FirstPosition, head.Count, new BlockHash(head.PrefixHash)))
            {
                CloseBehind(head);
                return null;
            }

            _receiver.Begin(head.FirstPosition, head.Count, length, head.Checksum);
            _isReceiving = true;
            return _receiver;
        }
    }

    /// <summary>Ends what <see cref="TryBegin"/> has begun.</summary>
    /// <param name="head">The run.</param>
    /// <param name="isWhole">Whether all of it came, and was right. Nothing of it is written any more.</param>
    /// <returns>Number of the opening.</returns>
    internal int End(KvHead head, bool isWhole)
    {
        lock (_lock)
        {
            if (!isWhole)
            {
                CloseBehind(head);
            }

            _isReceiving = false;
            _received++;
            _ended?.TrySetResult();
            _ended = null;
            return _opening;
        }
    }

    private void CloseBehind(KvHead head)
    {
        _isOpen = false;
        _closedUntil = head.FirstPosition > int.MaxValue - head.Count
            ? long.MaxValue
            : Math.Max(_closedUntil, head.FirstPosition + head.Count);
        _next = Math.Max(_next, _closedUntil);
    }
}
