namespace Swarm.DataPlane.Server;

/// <summary>One attachment's part of the <see cref="IngestBudget"/>. All state is guarded by the budget's lock.</summary>
/// <param name="grant">Told of each grant, outside of the lock.</param>
internal sealed class IngestAccount(Action<long> grant)
{
    /// <summary>Told of each grant.</summary>
    public Action<long> Grant { get; } = grant;

    /// <summary>Bytes granted and not sent yet.</summary>
    public long Unused { get; set; }

    /// <summary>Bytes received and not durable yet.</summary>
    public long InFlight { get; set; }

    /// <summary>Bytes without which the next record cannot be sent; 0 when nothing is asked for.</summary>
    public long Needed { get; set; }

    /// <summary>Bytes that would be used at once.</summary>
    public long Wanted { get; set; }

    /// <summary>Since when granted bytes wait to be used; 0 when none do.</summary>
    public long UnusedSince { get; set; }

    /// <summary>Whether the attachment is over.</summary>
    public bool Closed { get; set; }
}
