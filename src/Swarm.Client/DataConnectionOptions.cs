using Swarm.Core.Settings;
using Swarm.DataPlane;
using Swarm.DataPlane.Client;

namespace Swarm;

/// <summary>Settings of the connections that carry inputs and KV between this process and the silos: <see cref="SwarmClientOptions.DataPlane"/>.</summary>
/// <remarks>
/// All sessions and readers of a client share the connections to a silo: one, unless <see cref="ConnectionsPerSilo"/> says
/// otherwise or the silo's limit of sessions for one connection is reached (<c>Swarm:DataPlane:MaxAttachments</c>, 1,024).
/// </remarks>
public sealed class DataConnectionOptions : ISettingRules
{
    private const string LogCategory = "Swarm.SwarmClient"; // The connections are the client's, and not a session's.

    /// <summary>How long connecting and the greeting may take. 1 ms to 1 h; default 5 s.</summary>
    [Setting("How long connecting and the greeting may take.", Min = "1ms", Max = "1h")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After this long without anything sent, or received, the silo is asked whether it is there. 1 ms to 1 h; default 1 s.</summary>
    [Setting("Time without anything sent, or received, after which the silo is asked whether it is there.", Min = "1ms", Max = "1h")]
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After this long without anything received, not even 256 KiB of a large answer, the connection counts as lost. More than
    /// <see cref="PingInterval"/>, at most 1 d; default 15 s. New sessions do not use a connection that has been
    /// silent for a third of this time, or for three ping intervals if that is longer.
    /// </summary>
    [Setting("Time without anything received after which the connection counts as lost.", Min = "2ms", Max = "1d")]
    public TimeSpan SilenceTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Connections to one silo that are opened before one is shared. Default 1; 1 to 64. More may help on links where one TCP connection does not use the bandwidth.</summary>
    [Setting("Connections to one silo that are opened before one is shared.", Min = "1", Max = "64")]
    public int ConnectionsPerSilo { get; set; } = 1;

    /// <summary>
    /// How long a connection that no session or reader uses stays open, so that the next one begins without connecting. Default 30 s; from 0,
    /// which closes it at once, to 1 day.
    /// </summary>
    [Setting("How long a connection that nobody uses stays open.", Max = "1d")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Bytes of KV that a silo may send ahead of their use, for each context that is being loaded. Default 32 MiB: several of the largest
    /// records, so that the next is on its way while one is taken in. At least 64 KiB.
    /// </summary>
    [Setting("Bytes of KV that a silo may send ahead of their use, for each context that is being loaded.", Min = "64KiB")]
    public int ReadWindowBytes { get; set; } = 32 << 20;

    /// <summary>Receive buffers kept for reuse, in bytes, for each connection. Default 64 MiB; 0 or more.</summary>
    [Setting("Receive buffers kept for reuse, for each connection.")]
    public long IdleBufferBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Where to connect instead of the address that a silo advertises, as behind a tunnel or an address translation: given and returned as
    /// <c>host:port</c> or <c>[ipv6]:port</c>. Default: there. Called once for each connection; it must not block.
    /// </summary>
    public Func<string, string> MapEndpoint { get; set; } = static endpoint => endpoint;

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        if (SilenceTimeout <= PingInterval)
        {
            yield return $"{name(nameof(SilenceTimeout))} is {Duration.Format(SilenceTimeout)}; more than {name(nameof(PingInterval))}, "
                + $"{Duration.Format(PingInterval)}, is needed: raise it, or lower the other.";
        }

        if (MapEndpoint is null)
        {
            yield return $"{name(nameof(MapEndpoint))} is null: leave it at its default to connect where the silos say.";
        }
    }

    /// <summary>The connections themselves, made as these settings say now.</summary>
    internal DataPlanePool CreatePool(SwarmCredential credential, SwarmClientOptions options)
    {
        var map = MapEndpoint;
        var connection = new DataPlaneClientOptions
        {
            ConnectTimeout = ConnectTimeout,
            PingInterval = PingInterval,
            SilenceTimeout = SilenceTimeout,
            ReadWindowBytes = ReadWindowBytes,
            IdleBufferBytes = IdleBufferBytes,
            MapEndpoint = endpoint => Map(map, endpoint),
        };
        var pool = new DataPlanePoolOptions { ConnectionsPerSilo = ConnectionsPerSilo, IdleTimeout = IdleTimeout };
        return new DataPlanePool(
            credential.Tenant, credential.Token, connection, pool, options.TimeProvider, options.LoggerFactory.CreateLogger(LogCategory));
    }

    private static DataPlaneEndpoint Map(Func<string, string> map, DataPlaneEndpoint endpoint)
    {
        var mapped = map(endpoint.ToString());
        try
        {
            return DataPlaneEndpoint.Parse(mapped);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentNullException)
        {
            throw new InvalidOperationException(
                $"{nameof(SwarmClientOptions.DataPlane)}.{nameof(MapEndpoint)} made '{mapped}' of '{endpoint}': it has to return host:port.", exception);
        }
    }
}
