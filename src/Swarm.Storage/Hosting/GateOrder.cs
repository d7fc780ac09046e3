namespace Swarm.Storage.Hosting;

/// <summary>
/// The gates of an incarnation, in the order in which they are entered: whoever is in one enters only gates with a higher number.
/// So no two operations wait for each other.
/// </summary>
internal enum GateOrder
{
    /// <summary>One repair of KV at a time.</summary>
    Repair = 1,

    /// <summary>KV appends enter one by one, in the order of their calls.</summary>
    Kv = 2,

    /// <summary>Requests enter one by one, in the order of their calls; an epoch change stays in until it is durable.</summary>
    Requests = 3,

    /// <summary>One operation on the root at a time; nothing replaces extents or pages meanwhile.</summary>
    Root = 4,
}
