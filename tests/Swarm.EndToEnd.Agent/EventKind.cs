namespace Swarm.EndToEnd.Agent;

/// <summary>What an agent records.</summary>
internal enum EventKind
{
    /// <summary>Nothing: never written.</summary>
    None,

    /// <summary>The process is connected and waits for orders.</summary>
    Ready,

    /// <summary>A session holds the context: epoch, length, KV loaded, logits of the view.</summary>
    Opened,

    /// <summary>A step is about to be fed.</summary>
    Feeding,

    /// <summary>The first step of a session is computed: length, logits.</summary>
    FirstToken,

    /// <summary>The length and the logits, now and then.</summary>
    Logits,

    /// <summary>The watermarks grew.</summary>
    Durable,

    /// <summary>The session streams to a silo; its data plane is the text.</summary>
    Attached,

    /// <summary>A rewind is about to be asked for.</summary>
    Rewinding,

    /// <summary>It took effect; with the watermarks that are left.</summary>
    Rewound,

    /// <summary>Everything is durable and the context given back.</summary>
    Released,

    /// <summary>The last step is computed, and a successor waits for the context.</summary>
    Yielding,

    /// <summary>An agent follows a context, and has caught up.</summary>
    Following,

    /// <summary>It follows no more, and has not taken the context over; the text says why.</summary>
    Unfollowed,

    /// <summary>A context is offered, to be taken over.</summary>
    Offered,

    /// <summary>An offer to take over came to nothing; the text says why.</summary>
    Missed,

    /// <summary>All agents of the process have left the fleet, and have given back what they held.</summary>
    Left,

    /// <summary>Another session holds the context.</summary>
    Fenced,

    /// <summary>A silo has granted an epoch. Agents do not record it: tests read it in the silos' logs.</summary>
    Granted,

    /// <summary>Something that must not happen; the text says what.</summary>
    Failed,
}
