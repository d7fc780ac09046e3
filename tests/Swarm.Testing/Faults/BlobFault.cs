namespace Swarm.Testing.Faults;

/// <summary>What happens to one request.</summary>
public enum BlobFault
{
    /// <summary>Nothing: it is answered.</summary>
    None,

    /// <summary>It is refused at once with a transient error, without effect.</summary>
    Busy,

    /// <summary>It never arrives: a transient error, without effect.</summary>
    LostRequest,

    /// <summary>It takes effect, and the answer is lost: a transient error.</summary>
    LostAnswer,

    /// <summary>It waits for <see cref="FaultBlobStore.Release"/>, then goes on.</summary>
    Hang,
}
