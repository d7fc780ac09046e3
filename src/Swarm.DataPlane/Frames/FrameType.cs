namespace Swarm.DataPlane.Frames;

/// <summary>What a frame says; see PROTOCOL.md, Frames. The numbers go over the wire. C: client to server, S: server to client.</summary>
internal enum FrameType : byte
{
    /// <summary>C: version, features, tenant and token; the first frame.</summary>
    Hello = 1,

    /// <summary>S: the server's limits.</summary>
    Welcome = 2,

    /// <summary>C: a session wants to append to a context.</summary>
    Attach = 3,

    /// <summary>C: somebody wants to read a context.</summary>
    AttachReader = 4,

    /// <summary>S: the attachment's id, and the context's state.</summary>
    Attached = 5,

    /// <summary>C: the attachment is over.</summary>
    Detach = 6,

    /// <summary>C: inputs and states.</summary>
    AppendInputs = 7,

    /// <summary>C: KV; the payload carries its own checksums.</summary>
    AppendKv = 8,

    /// <summary>S: the append is durable.</summary>
    Appended = 9,

    /// <summary>S, pushed: watermarks moved.</summary>
    Durable = 10,

    /// <summary>S, pushed: another session holds the context.</summary>
    Fenced = 11,

    /// <summary>S, pushed: the context is not open here any more.</summary>
    Moved = 12,

    /// <summary>C: the session lives.</summary>
    Heartbeat = 13,

    /// <summary>C: cut the context back.</summary>
    Rewind = 14,

    /// <summary>S: the new grant.</summary>
    Rewound = 15,

    /// <summary>C: a range of inputs is wanted.</summary>
    ReadInputs = 16,

    /// <summary>S: a run of inputs.</summary>
    Inputs = 17,

    /// <summary>C: a range of KV is wanted, with the first credit.</summary>
    ReadKv = 18,

    /// <summary>S: one record's KV; the payload carries its own checksums.</summary>
    KvRun = 19,

    /// <summary>C: the states are wanted.</summary>
    ReadStates = 20,

    /// <summary>S: some states.</summary>
    States = 21,

    /// <summary>S: the answer is complete.</summary>
    End = 22,

    /// <summary>C: KV is to be appended: how many bytes at least, and how many at best.</summary>
    AskCredit = 23,

    /// <summary>Both: so many more bytes of KV may be sent.</summary>
    Credit = 24,

    /// <summary>S: a request was refused; with correlation 0, the connection was.</summary>
    Refused = 25,

    /// <summary>C: the answer to a request is not wanted any more.</summary>
    Cancel = 26,

    /// <summary>C: are you there.</summary>
    Ping = 27,

    /// <summary>S: yes.</summary>
    Pong = 28,

    /// <summary>C: inputs and KV are wanted as they become durable, with the first credit.</summary>
    Follow = 29,

    /// <summary>S: the epoch that what follows belongs to, and what the follower keeps of what it has.</summary>
    FollowedEpoch = 30,
}
