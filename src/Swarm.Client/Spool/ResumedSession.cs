using Swarm.Client.Streaming;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.Spool;

/// <summary>A session of an earlier process that goes on in this one.</summary>
/// <param name="Directory">Its spool's folder.</param>
/// <param name="Content">What it holds.</param>
/// <param name="Model">Fingerprint of the context's model.</param>
/// <param name="Lease">What a session needs to go on.</param>
/// <param name="State">Its state.</param>
/// <param name="Link">Its attached link.</param>
/// <param name="Started">When it began to be opened.</param>
internal sealed record ResumedSession(
    string Directory,
    SpoolContent Content,
    ModelFingerprint Model,
    ContextLease Lease,
    SessionState State,
    SessionLink Link,
    long Started)
{
    /// <summary>Whether a rewind took effect that the spool did not hear of: its inputs are rewound.</summary>
    private bool IsRewound => Lease.Epoch != Content.Header!.Epoch.Value;

    /// <summary>Whether damage took inputs that are not in the store: nothing behind the hole may be used.</summary>
    private bool HasHole => !IsRewound && Content.FirstPosition > Lease.DurableTokens;

    /// <summary>Inputs that are not in the store, right behind those that are.</summary>
    public InputRun Undurable =>
        IsRewound || HasHole || Content.EndPosition <= Lease.DurableTokens
            ? new InputRun(Lease.DurableTokens, default, default)
            : Content.From(Lease.DurableTokens);

    /// <summary>What of the spool cannot be used, or <see langword="null"/>.</summary>
    public string? Fault => HasHole
        ? $"'{Directory}': it begins at position {Content.FirstPosition}, and the context ends at {Lease.DurableTokens}: what "
            + $"is between is missing, and nothing of it is used. {Content.Fault}"
        : Content.Fault;

    /// <summary>Checks that it is the model's.</summary>
    /// <exception cref="WrongModelException">It is another's.</exception>
    public void RequireModel(string context, ModelFingerprint model)
    {
        if (model != Model)
        {
            throw new WrongModelException(new Refusal(
                RefusalCode.WrongModel,
                $"Context '{context}' belongs to model {Model}, this one is {model}: use that model."));
        }
    }

    /// <summary>Sets the spool's states where they are newer than those in the store.</summary>
    public void SetStates(StateOutbox states, long length)
    {
        var stored = states.Snapshot();
        var isWhole = Content.Fault is null && Content.EndPosition >= Lease.DurableTokens;
        foreach (var state in Content.States.Where(state => state.Position <= length))
        {
            // Whole, it has every state that was ever sent, so its latest are the latest.
            if (isWhole || !stored.TryGetValue(state.Name, out var there) || there.Position < state.Position)
            {
                states.Set(state);
            }
        }
    }

    /// <summary>Makes the files fit to go on with: cuts what a crash tore, sets aside what is damaged.</summary>
    /// <exception cref="SpoolException">The disk refuses it.</exception>
    public void Repair()
    {
        try
        {
            SpoolRepair.Repair(Content, setsAllAside: HasHole);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SpoolException(
                $"The spool '{Directory}' cannot be repaired: {exception.Message} Check its disk and permissions.", exception);
        }
    }
}
