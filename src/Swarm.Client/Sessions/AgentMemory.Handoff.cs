using Swarm.Client;
using Swarm.Client.Sessions;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;

namespace Swarm;

/// <content>When and to whom a fleet hands the context over.</content>
public sealed partial class AgentMemory
{
    private const int MaxReasonLength = 256;

    /// <summary>The context's handoff policy; <see cref="HandoffPolicy.Default"/> where it was given none.</summary>
    /// <exception cref="InvalidDataException">It cannot be read: a later build has set it, or it is damaged. Set another one.</exception>
    public HandoffPolicy HandoffPolicy
    {
        get
        {
            try
            {
                return _states.Find(HandoffPolicyCodec.StateName) is { } kept ? HandoffPolicyCodec.Decode(kept.Content) : HandoffPolicy.Default;
            }
            catch (CorruptObjectException exception)
            {
                throw new InvalidDataException(exception.Message, exception);
            }
        }
    }

    /// <summary>Gives the context another handoff policy. It becomes durable with the next inputs, or soon by itself, and stays with the context.</summary>
    /// <param name="policy">The policy.</param>
    /// <exception cref="ArgumentException">A value is out of range, or the context has 64 states already.</exception>
    /// <exception cref="SpoolException">The spool has no room for it, or the disk refuses it: it is not set.</exception>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    public void SetHandoffPolicy(HandoffPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        _state.ThrowIfOver();
        NamedState[] states = [new NamedState(HandoffPolicyCodec.StateName, 0, HandoffPolicyCodec.Encode(policy))];
        if (_states.CountWith(states) > NamedState.MaxCount)
        {
            throw new ArgumentException($"The context has {NamedState.MaxCount} states, so that there is no room for its handoff policy.", nameof(policy));
        }

        ((IStepSink)this).KeepStates(states);
    }

    /// <summary>
    /// Asks the fleet for a successor. This session goes on meanwhile, and holds the context until it is released. KV is sent after every step, so that the
    /// successor is close behind.
    /// </summary>
    /// <param name="reason">Why, for whoever is offered the context: "battery 12 %". At most 256 characters.</param>
    /// <param name="cancellationToken">Stops asking.</param>
    /// <returns>
    /// A task that ends when an agent follows the context, has caught up, and waits for it: its name. Finish the step, and call
    /// <see cref="ReleaseAsync(string, CancellationToken)"/> with it within 10 s.
    /// </returns>
    /// <exception cref="StaleEpochException">The session is fenced.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nobody was ready.</exception>
    /// <exception cref="SwarmTransportException">The silos do not answer.</exception>
    public Task<string> RequestHandoffAsync(string reason, CancellationToken cancellationToken = default)
    {
        CheckReason(reason);
        _state.ThrowIfOver();
        return FindSuccessorAsync(reason, cancellationToken);
    }

    /// <summary>Refuses a reason that cannot be sent.</summary>
    internal static void CheckReason(string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        if (reason.Length > MaxReasonLength || reason.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"A reason of {reason.Length} characters is not allowed: at most {MaxReasonLength}, without control characters.", nameof(reason));
        }
    }

    private async Task<string> FindSuccessorAsync(string reason, CancellationToken cancellationToken)
    {
        _streamer.SendAtOnce();
        try
        {
            return await _control.FindSuccessorAsync(Context, () => (_state.Epoch, _link.SecretHash), reason, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _streamer.EndSendingAtOnce();
        }
    }

    private void KeepPolicy(HandoffPolicy? policy)
    {
        if (policy is null || (_states.Find(HandoffPolicyCodec.StateName) is { } kept && kept.Content.Span.SequenceEqual(HandoffPolicyCodec.Encode(policy))))
        {
            return;
        }

        try
        {
            SetHandoffPolicy(policy);
        }
        catch (ArgumentException)
        {
            ClientLog.PolicyNotKept(_logger, Context, NamedState.MaxCount);
        }
    }
}
