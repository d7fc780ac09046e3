using System.Globalization;
using Swarm.DataPlane.Client;

namespace Swarm;

/// <summary>Settings of the connections that carry inputs and KV between this process and the silos: <see cref="SwarmClientOptions.DataPlane"/>.</summary>
/// <remarks>
/// All sessions and readers of a client share the connections to a silo: one, unless <see cref="ConnectionsPerSilo"/> says
/// otherwise or the silo's limit of sessions for one connection is reached (<c>Swarm:DataPlane:MaxAttachments</c>, 1,024).
/// </remarks>
public sealed class DataConnectionOptions
{
    private const string LogCategory = "Swarm.SwarmClient"; // As all that a client logs.

    private const int MinReadWindowBytes = 1 << 16;
    private const int MaxConnectionsPerSilo = 64;

    /// <summary>How long connecting and the greeting may take. Default 5 s; more than 0.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After this long without anything sent, or received, the silo is asked whether it is there. Default 1 s; more than 0.</summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After this long without anything received, not even 256 KiB of a large answer, the connection counts as lost. Default 15 s; more than
    /// <see cref="PingInterval"/>. Sessions that begin do not use one that has been silent for a third of it.
    /// </summary>
    public TimeSpan SilenceTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Connections to one silo that are opened before one is shared. Default 1; 1 to 64. More may help on links where one TCP connection does not use the bandwidth.</summary>
    public int ConnectionsPerSilo { get; set; } = 1;

    /// <summary>
    /// How long a connection that no session or reader uses stays open, so that the next one begins without connecting. Default 30 s; from 0,
    /// which closes it at once, to 1 day.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Bytes of KV that a silo may send ahead of their use, for each context that is being loaded. Default 32 MiB: several of the largest
    /// records, so that the next is on its way while one is taken in. At least 64 KiB.
    /// </summary>
    public int ReadWindowBytes { get; set; } = 32 << 20;

    /// <summary>Receive buffers kept for reuse, in bytes, for each connection. Default 64 MiB; 0 or more.</summary>
    public long IdleBufferBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Where to connect instead of the address that a silo advertises, as behind a tunnel or an address translation: given and returned as
    /// <c>host:port</c> or <c>[ipv6]:port</c>. Default: there. Called once for each connection; it must not block.
    /// </summary>
    public Func<string, string> MapEndpoint { get; set; } = static endpoint => endpoint;

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them, with value, limit and default.</exception>
    public void Validate()
    {
        if (FindFaults() is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join(' ', faults));
        }
    }

    /// <summary>Settings that are out of range, a sentence for each, which begins with its name.</summary>
    internal IReadOnlyList<string> FindFaults()
    {
        const string Positive = "more than 0";
        List<string> faults = [];
        var standard = new DataConnectionOptions();
        Check(ConnectTimeout > TimeSpan.Zero, nameof(ConnectTimeout), ConnectTimeout, Positive, standard.ConnectTimeout);
        Check(PingInterval > TimeSpan.Zero, nameof(PingInterval), PingInterval, Positive, standard.PingInterval);
        Check(
            SilenceTimeout > PingInterval,
            nameof(SilenceTimeout),
            SilenceTimeout,
            $"more than {nameof(PingInterval)}, {PingInterval},",
            standard.SilenceTimeout);
        Check(
            ConnectionsPerSilo is >= 1 and <= MaxConnectionsPerSilo,
            nameof(ConnectionsPerSilo),
            ConnectionsPerSilo,
            $"1 to {MaxConnectionsPerSilo}",
            standard.ConnectionsPerSilo);
        Check(
            IdleTimeout >= TimeSpan.Zero && IdleTimeout <= TimeSpan.FromDays(1),
            nameof(IdleTimeout),
            IdleTimeout,
            "0 to 1 day",
            standard.IdleTimeout);
        Check(
            ReadWindowBytes >= MinReadWindowBytes,
            nameof(ReadWindowBytes),
            ReadWindowBytes,
            $"{MinReadWindowBytes} bytes or more",
            standard.ReadWindowBytes);
        Check(IdleBufferBytes >= 0, nameof(IdleBufferBytes), IdleBufferBytes, "0 or more", standard.IdleBufferBytes);
        if (MapEndpoint is null)
        {
            faults.Add($"{nameof(MapEndpoint)} is null: leave it at its default to connect where the silos say.");
        }

        return faults;

        void Check<T>(bool holds, string name, T value, string allowed, T otherwise)
        {
            if (!holds)
            {
                faults.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{name} is {value}; {allowed} is needed: set it to that, or leave it at its default, {otherwise}."));
            }
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
