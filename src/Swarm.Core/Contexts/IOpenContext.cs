using Swarm.Core.Identity;
using Swarm.Core.Sessions;

namespace Swarm.Core.Contexts;

/// <summary>The one serializer of a context. Thread-safe; requests take effect in the order of their calls.</summary>
/// <remarks>
/// Every method throws <see cref="SwarmRefusedException"/> with <see cref="RefusalCode.Moved"/> once the context has
/// been closed here, and with <see cref="RefusalCode.Unknown"/> where the store lost the answer; the same request,
/// repeated on the context's new place, is safe.
/// </remarks>
public interface IOpenContext
{
    /// <summary>The context's id.</summary>
    ContextId Id { get; }

    /// <summary>The model that it holds KV of.</summary>
    ModelDescriptor Model { get; }

    /// <summary>The durable state now. Does not wait.</summary>
    ContextStatus Status { get; }

    /// <summary>Cancelled when the context is not open here any more: closed, moved, or its writer sealed.</summary>
    CancellationToken Closed { get; }

    /// <summary>Completes as soon as the durable state differs from one seen: watermarks, epoch, or closed.</summary>
    /// <param name="seenEpoch">Epoch that the caller has seen.</param>
    /// <param name="seen">Watermarks that the caller has seen.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The new durable state.</returns>
    ValueTask<ContextStatus> WaitForChangeAsync(Epoch seenEpoch, Watermarks seen, CancellationToken cancellationToken);

    /// <summary>Gives a session the right to append, and fences the one before. Durable when it returns.</summary>
    /// <param name="request">Who asks, and which epoch it saw.</param>
    /// <param name="cancellationToken">Stops waiting; the acquisition may still take effect.</param>
    /// <returns>The grant; the same again for a repeated request.</returns>
    /// <exception cref="SwarmRefusedException"><see cref="RefusalCode.EpochChanged"/>: the epoch is another.</exception>
    ValueTask<Acquired> AcquireAsync(AcquireRequest request, CancellationToken cancellationToken);

    /// <summary>Gives the right to append back, for a named successor or for anybody. Durable when it returns.</summary>
    /// <param name="proof">The holder's proof.</param>
    /// <param name="reservedFor">The successor's agent name, or empty.</param>
    /// <param name="cancellationToken">Stops waiting; the release may still take effect.</param>
    /// <returns>The epoch that the release raised the context to.</returns>
    /// <exception cref="StaleEpochException">The session does not hold the context.</exception>
    ValueTask<Epoch> ReleaseAsync(SessionProof proof, string reservedFor, CancellationToken cancellationToken);

    /// <summary>Cuts the context back to its first positions: an epoch change by the same holder. Durable when it returns.</summary>
    /// <param name="proof">The holder's proof.</param>
    /// <param name="length">Positions to keep; KV is cut as well.</param>
    /// <param name="newSecretHash">Hash of the secret that the session uses from then on: the nonce of this request.</param>
    /// <param name="cancellationToken">Stops waiting; the rewind may still take effect.</param>
    /// <returns>The new grant.</returns>
    /// <exception cref="StaleEpochException">The session does not hold the context.</exception>
    ValueTask<Acquired> RewindAsync(
        SessionProof proof, long length, Digest256 newSecretHash, CancellationToken cancellationToken);

    /// <summary>Appends inputs, optionally with states: all is durable when this returns. If the silo is lost before, the inputs may be durable without the states.</summary>
    /// <param name="proof">The holder's proof.</param>
    /// <param name="inputs">The inputs, at most 65,536 tokens; none when only states are appended.</param>
    /// <param name="states">States at positions not behind the end of <paramref name="inputs"/>.</param>
    /// <param name="cancellationToken">Stops waiting; the append may still take effect.</param>
    /// <returns>Watermarks once the append is durable.</returns>
    /// <exception cref="StaleEpochException">The session does not hold the context.</exception>
    /// <exception cref="AppendGapException">It starts behind the end.</exception>
    /// <exception cref="AppendConflictException">Other inputs are there.</exception>
    ValueTask<Watermarks> AppendInputsAsync(
        SessionProof proof, InputRun inputs, IReadOnlyList<NamedState> states, CancellationToken cancellationToken);

    /// <summary>
    /// Verifies KV, and appends it, of positions whose inputs were appended before. A repeat is only compared, unless a read here
    /// found that what is stored of its positions is damaged: then it takes that place, if it covers whole runs as they were read.
    /// </summary>
    /// <param name="proof">The holder's proof.</param>
    /// <param name="kv">The run.</param>
    /// <param name="cancellationToken">Stops waiting; the append may still take effect.</param>
    /// <returns>Watermarks once the append is durable.</returns>
    /// <exception cref="StaleEpochException">The session does not hold the context.</exception>
    /// <exception cref="AppendGapException">It starts behind the end of the KV, or ends behind the inputs.</exception>
    /// <exception cref="AppendConflictException">The prefix hash is that of other inputs.</exception>
    ValueTask<Watermarks> AppendKvAsync(SessionProof proof, KvAppend kv, CancellationToken cancellationToken);

    /// <summary>Records a heartbeat of the holder. Not persisted.</summary>
    /// <param name="proof">The holder's proof.</param>
    /// <exception cref="StaleEpochException">The session does not hold the context.</exception>
    void RecordHeartbeat(SessionProof proof);

    /// <summary>Notes by which connection a session is heard of. Not persisted, and of no effect for a session that is not the holder.</summary>
    /// <param name="proof">The session's proof.</param>
    /// <param name="connection">The connection; compared by reference.</param>
    void RecordConnected(SessionProof proof, object connection);

    /// <summary>
    /// Notes that a connection was lost, until the holder is heard of again. Not persisted, and of no effect unless it is the one by which the holder was
    /// heard of last: a link that is gone is often noticed late. A rewind that is under way changes nothing in that.
    /// </summary>
    /// <param name="connection">The connection that was lost.</param>
    void RecordConnectionLost(object connection);

    /// <summary>
    /// Writes what is appended without waiting for more to write with it, until the epoch changes: somebody waits for the end of it. Costs a segment for each append.
    /// </summary>
    /// <param name="time">For how long at most.</param>
    void WriteAtOnce(TimeSpan time);

    /// <summary>Reads durable inputs.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="count">Positions; cut at the watermark.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>Runs in order, without holes, cut to the range; steps of a cut run are cut with it.</returns>
    IAsyncEnumerable<InputRun> ReadInputsAsync(long firstPosition, long count, CancellationToken cancellationToken);

    /// <summary>Reads durable KV, in order.</summary>
    /// <param name="firstPosition">First position wanted.</param>
    /// <param name="count">Positions wanted; cut at the watermark.</param>
    /// <param name="reading">How.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>
    /// Runs in order, without holes: each begins at or before the end of the one before it, or <paramref name="firstPosition"/>,
    /// and ends behind it. The last may end behind the range.
    /// The caller disposes each. Of what is damaged or missing a run without frames tells (<see cref="KvRunData.IsDamaged"/>):
    /// its positions are to be recomputed before what comes behind them is used.
    /// </returns>
    IAsyncEnumerable<KvRunData> ReadKvAsync(long firstPosition, long count, KvReading reading, CancellationToken cancellationToken);

    /// <summary>
    /// Reads durable inputs and KV as they become durable, until the caller stops. Nobody waits for a follower: what it has not
    /// taken yet stays where it is, and it is told of it later.
    /// </summary>
    /// <param name="from">What the caller has. From the first position on: <c>default</c> but for the hash of no inputs.</param>
    /// <param name="cancellationToken">Stops following.</param>
    /// <returns>
    /// First the epoch in force: what the caller has was compared then, and what it keeps of it is the context's. Then inputs and KV behind that, each
    /// without holes; inputs come before the KV of their positions. All of it belongs to the epoch that was told last. It ends behind one that takes
    /// something back.
    /// </returns>
    /// <exception cref="SwarmRefusedException"><see cref="RefusalCode.Moved"/>: the context is not open here, or has come further elsewhere.</exception>
    IAsyncEnumerable<Followed> FollowAsync(FollowPoint from, CancellationToken cancellationToken);

    /// <summary>The latest durable state of each name.</summary>
    /// <returns>States in the order of their names.</returns>
    IReadOnlyList<NamedState> ReadStates();

    /// <summary>Drains, checkpoints and closes the context here. Afterwards it can be opened anywhere at once.</summary>
    /// <param name="cancellationToken">Stops waiting; the closing goes on.</param>
    /// <returns>A task that ends when nothing of it is left here.</returns>
    ValueTask CloseAsync(CancellationToken cancellationToken);
}
