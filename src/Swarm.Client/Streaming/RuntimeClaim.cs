using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Swarm.Client.Streaming;

/// <summary>The right to use a runtime: one session at a time has it, whichever client of the process opened it. Thread-safe.</summary>
/// <remarks>A runtime's cache is the memory of one context. Two sessions on it would each take the other's KV for its own.</remarks>
internal sealed class RuntimeClaim : IDisposable
{
    private static readonly ConditionalWeakTable<IKvRuntime, RuntimeClaim> _claims = [];

    private readonly string _user;

    private RuntimeClaim(IKvRuntime runtime, string user) => (Runtime, _user, Steps) = (runtime, user, new StepWorker($"Swarm steps of {user}"));

    /// <summary>The runtime.</summary>
    public IKvRuntime Runtime { get; }

    /// <summary>Where its steps are computed.</summary>
    public StepWorker Steps { get; }

    /// <summary>Takes a runtime for a session.</summary>
    /// <exception cref="InvalidOperationException">It is in use; the message says by whom.</exception>
    public static RuntimeClaim ForSession(IKvRuntime runtime, string context, string agent) =>
        Take(runtime, $"context '{context}' of agent '{agent}'");

    /// <summary>Takes a runtime for a standby, and for the session that it takes over.</summary>
    /// <exception cref="InvalidOperationException">It is in use; the message says by whom.</exception>
    public static RuntimeClaim ForStandby(IKvRuntime runtime, string context, string agent) =>
        Take(runtime, $"context '{context}' of agent '{agent}', as a standby or after its take-over");

    /// <summary>Takes a runtime for a reader of a context.</summary>
    /// <exception cref="WrongModelException">The context belongs to another model.</exception>
    /// <exception cref="InvalidOperationException">It is in use; the message says by whom.</exception>
    public static RuntimeClaim ForReader(IKvRuntime runtime, string context, ModelFingerprint model) => runtime.Fingerprint == model
        ? Take(runtime, $"a reader of context '{context}'")
        : throw new WrongModelException(new Refusal(
            RefusalCode.WrongModel, $"Context '{context}' belongs to model {model}, the runtime's is {runtime.Fingerprint}: use that model."));

    /// <summary>Gives the runtime back. Harmless if repeated.</summary>
    public void Dispose()
    {
        Steps.Dispose();
        if (_claims.TryGetValue(Runtime, out var held) && held == this)
        {
            _claims.Remove(Runtime); // Nobody else removes it, and nobody adds another one before.
        }
    }

    private static RuntimeClaim Take(IKvRuntime runtime, string user)
    {
        var claim = new RuntimeClaim(runtime, user);
        while (!_claims.TryAdd(runtime, claim))
        {
            if (_claims.TryGetValue(runtime, out var held))
            {
                ThrowInUse(held._user, user);
            }
        }

        return claim;
    }

    [DoesNotReturn]
    private static void ThrowInUse(string holder, string user) => throw new InvalidOperationException(
        $"The runtime is in use by {holder}; {user} cannot use it as well: its KV cache is the memory of one context. Dispose of that session or "
        + "release its context first, also where it is fenced, or give each context a runtime of its own; runtimes can share a model's weights.");
}
