using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Sessions;
using Swarm.Core.Settings;
using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Transport;

namespace Swarm.DataPlane.Client;

/// <summary>One connection to a silo's data plane. Thread-safe; any number of attachments share it, and requests are pipelined.</summary>
/// <remarks>
/// One reader serves all attachments: observers and whatever else it calls return at once. A connection is never repaired: once lost, every request fails with a transient <see cref="SwarmTransportException"/>,
/// and every attachment's observer is told. Connect again, attach again, repeat what is not durable.
/// </remarks>
public sealed partial class DataPlaneClient : IAsyncDisposable
{
    private readonly ConcurrentDictionary<uint, PendingReply> _pending = new();
    private readonly ConcurrentDictionary<uint, DataPlaneAttachment> _attachments = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _ending = new();
    private readonly DataPlaneClientOptions _options;
    private readonly ILogger _logger;
    private ITimer? _watchdog;
    private Task _reading = Task.CompletedTask;
    private Exception? _fault;
    private uint _lastCorrelation;
    private bool _carriesTraces;
    private UnixDomainSocketEndPoint? _localSocket;
    private int _abandoned;

    private DataPlaneClient(
        DataPlaneEndpoint endpoint,
        Socket socket,
        DataPlaneClientOptions options,
        TimeProvider timeProvider,
        ILogger logger)
    {
        Endpoint = endpoint;
        Closed = _closed.Token;
        Buffers = new BufferPool(options.IdleBufferBytes);
        Channel = new FrameChannel(new SocketTransport(socket), Buffers, timeProvider);
        _options = options;
        _logger = logger;
    }

    /// <summary>Where the silo is.</summary>
    public DataPlaneEndpoint Endpoint { get; }

    /// <summary>What the silo allows.</summary>
    public DataPlaneLimits Limits { get; private set; } = new(0, 0, 0);

    /// <summary>Receive buffers.</summary>
    public BufferPool Buffers { get; }

    /// <summary>Cancelled when the connection is lost or closed.</summary>
    public CancellationToken Closed { get; }

    /// <summary>Whether the connection is lost or closed.</summary>
    public bool IsLost => Volatile.Read(ref _fault) is not null;

    /// <summary>Time since the silo last sent anything.</summary>
    public TimeSpan Silence => Channel.ReceiveSilence;

    internal FrameChannel Channel { get; }

    /// <summary>Attaches that nobody waits for and the silo has not answered: each may still take an attachment's place for a while.</summary>
    internal int AbandonedAttaches => Volatile.Read(ref _abandoned);

    /// <summary>Whether it is over the silo's Unix domain socket.</summary>
    internal bool IsLocal { get; private init; }

    /// <summary>Whether the silo lets contexts be followed.</summary>
    internal bool MayFollow { get; private set; }

    internal int ReadWindowBytes => _options.ReadWindowBytes;

    /// <summary>Connects and greets.</summary>
    /// <param name="endpoint">Where the silo is.</param>
    /// <param name="tenant">Tenant name.</param>
    /// <param name="token">The tenant's token, or empty.</param>
    /// <param name="options">Settings.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where logs go; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">Stops connecting.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="SwarmTransportException">
    /// The silo cannot be reached, or speaks another version; the message says what to check.
    /// </exception>
    /// <exception cref="SwarmRefusedException">The silo refused the tenant or the token.</exception>
    public static async Task<DataPlaneClient> ConnectAsync(
        DataPlaneEndpoint endpoint,
        string tenant,
        string token,
        DataPlaneClientOptions options,
        TimeProvider timeProvider,
        ILogger? logger = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        SettingRules.Require(options, nameof(options));
        endpoint = options.MapEndpoint(endpoint);
        using var deadline = new CancellationTokenSource(options.ConnectTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint.Host, endpoint.Port, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            var fault = exception is SocketException
                ? $"cannot be reached: {exception.Message}"
                : $"did not accept a connection within {Duration.Format(options.ConnectTimeout)}.";
            throw new SwarmTransportException(
                $"The data plane at {endpoint} {fault} Check that the silo runs, that its advertised data-plane address can be reached from here, and firewalls.",
                isTransient: true,
                exception);
        }

        var dial = new Dial(endpoint, tenant, token, options, timeProvider, logger ?? NullLogger.Instance, either.Token, cancellationToken);
        var client = await GreetAsync(dial, socket).ConfigureAwait(false);
        if (client._localSocket is not { } nearer)
        {
            return client;
        }

        DataPlaneClient? local;
        try
        {
            local = await TryConnectLocallyAsync(dial, nearer).ConfigureAwait(false);
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        if (local is null)
        {
            return client;
        }

        await client.DisposeAsync().ConfigureAwait(false);
        return local;
    }

    /// <summary>Attaches a session that may append.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="epoch">Epoch granted.</param>
    /// <param name="secret">The session's secret.</param>
    /// <param name="observer">Told what is pushed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The session.</returns>
    /// <exception cref="StaleEpochException">The session does not hold the context any more.</exception>
    /// <exception cref="SwarmRefusedException">The context is not open there, or the name is not allowed.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    public async Task<DataPlaneSession> AttachAsync(
        string context,
        Epoch epoch,
        SessionSecret secret,
        IDataPlaneObserver observer,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var message = new Attach(RequireSendable(context), epoch.Value, secret.Bytes.ToArray());
        return (DataPlaneSession)await AttachCoreAsync(
            FrameType.Attach, message, attached => new DataPlaneSession(this, attached, observer), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Attaches a reader.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="observer">Told what is pushed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The reader.</returns>
    /// <exception cref="SwarmRefusedException">The context is not open there, or the name is not allowed.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    public Task<DataPlaneAttachment> AttachReaderAsync(
        string context, IDataPlaneObserver observer, CancellationToken cancellationToken = default) => AttachCoreAsync(
        FrameType.AttachReader,
        new AttachReader(RequireSendable(context)),
        attached => new DataPlaneAttachment(this, attached, observer),
        cancellationToken);

    /// <summary>Closes the connection; requests under way fail.</summary>
    /// <returns>A task that ends when nothing of it runs any more.</returns>
    public async ValueTask DisposeAsync()
    {
        End(new SwarmTransportException($"The connection to {Endpoint} was closed here.", isTransient: true), log: false);
        await _reading.ConfigureAwait(false);
        await Channel.DisposeAsync().ConfigureAwait(false);
    }

    internal uint NextCorrelation() => NextCorrelation(ref _lastCorrelation);

    /// <summary>The id behind the last one; never 0, which stands for the connection, however many there were.</summary>
    internal static uint NextCorrelation(ref uint last)
    {
        var next = Interlocked.Increment(ref last);
        return next != 0 ? next : Interlocked.Increment(ref last);
    }

    internal void Forget(uint correlation) => _pending.TryRemove(correlation, out _);

    internal void Forget(DataPlaneAttachment attachment) => _attachments.TryRemove(attachment.Id, out _);

    /// <summary>Makes an attachment known. Called by the connection's reader.</summary>
    internal void Add(DataPlaneAttachment attachment)
    {
        _attachments[attachment.Id] = attachment;
        if (Volatile.Read(ref _fault) is { } fault && _attachments.TryRemove(attachment.Id, out _))
        {
            attachment.OnLost(fault); // The connection has ended meanwhile, perhaps without having seen it.
        }
    }

    /// <summary>Ends an attachment: fails what it waits for, stops its reads, and tells the silo.</summary>
    internal void Detach(DataPlaneAttachment attachment)
    {
        var isKnown = _attachments.TryRemove(attachment.Id, out _);
        foreach (var (correlation, waiting) in _pending)
        {
            if (waiting.Attachment == attachment.Id && _pending.TryRemove(correlation, out var reply))
            {
                reply.Fail(new SwarmTransportException(
                    $"The attachment to {Endpoint} was closed here; what it had sent may take effect.", isTransient: true));
                if (reply.IsStream)
                {
                    Post(FrameType.Cancel, attachment.Id, correlation, default(Empty));
                }
            }
        }

        if (isKnown)
        {
            Post(FrameType.Detach, attachment.Id, 0, default(Empty));
        }
    }

    /// <summary>Settles an attach that nobody waits for any more.</summary>
    /// <param name="attachment">What the silo has attached; <see langword="null"/> for nothing.</param>
    internal void EndAbandoned(uint? attachment)
    {
        if (attachment is { } id)
        {
            Post(FrameType.Detach, id, 0, default(Empty));
        }

        Interlocked.Decrement(ref _abandoned);
    }

    /// <summary>Registers a request, so that its answer finds it. Send it afterwards.</summary>
    internal void Expect(uint correlation, PendingReply reply)
    {
        _pending[correlation] = reply;
        if (Volatile.Read(ref _fault) is { } fault && _pending.TryRemove(correlation, out _))
        {
            reply.Fail(fault);
        }
    }

    /// <summary>Sends a frame. When it returns, the payload is not used any more.</summary>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    internal async ValueTask SendAsync<TMessage>(
        FrameType type,
        uint attachment,
        uint correlation,
        TMessage message,
        ReadOnlyMemory<byte> payload = default,
        CancellationToken cancellationToken = default)
        where TMessage : IMessage<TMessage>
    {
        if (Volatile.Read(ref _fault) is { } fault)
        {
            throw Again(fault);
        }

        try
        {
            if (_carriesTraces && FrameHeader.MayBeTraced(type) && TraceContext.OfCaller() is { } caller)
            {
                await Channel.SendAsync(type, attachment, correlation, new Traced<TMessage>(caller, message), payload, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await Channel.SendAsync(type, attachment, correlation, message, payload, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
        {
            End(Lost(exception.Message, exception));
            throw Again(_fault!);
        }
    }

    /// <summary>Sends a small frame without waiting for it; a lost connection is told elsewhere.</summary>
    internal void Post<TMessage>(FrameType type, uint attachment, uint correlation, TMessage message)
        where TMessage : IMessage<TMessage>
    {
        _ = PostCoreAsync();

        async Task PostCoreAsync()
        {
            try
            {
                await SendAsync(type, attachment, correlation, message).ConfigureAwait(false);
            }
            catch (SwarmTransportException)
            {
                // Every attachment's observer is told.
            }
        }
    }

    private async Task<DataPlaneAttachment> AttachCoreAsync<TMessage>(
        FrameType type, TMessage message, Func<Attached, DataPlaneAttachment> create, CancellationToken cancellationToken)
        where TMessage : IMessage<TMessage>
    {
        var correlation = NextCorrelation();
        var reply = new PendingAttach(this, create);
        Expect(correlation, reply);
        try
        {
            await SendAsync(type, 0, correlation, message, default, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Forget(correlation); // Not sent.
            throw;
        }

        try
        {
            return await reply.Done.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _abandoned);
            if (reply.TryAbandon())
            {
                throw; // The silo attaches all the same: that is undone when it says so.
            }

            Interlocked.Decrement(ref _abandoned);
            return await reply.Done.ConfigureAwait(false); // It was faster.
        }
    }

    /// <summary>A longer name would end the connection, for all who share it.</summary>
    private static string RequireSendable(string context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Length <= Names.MaxContextLength && Encoding.UTF8.GetByteCount(context) <= Names.MaxContextLength
            ? context
            : throw new ArgumentException(
                $"A context name of {Encoding.UTF8.GetByteCount(context)} bytes is over the limit of {Names.MaxContextLength}; choose a shorter one.",
                nameof(context));
    }

    private async Task GreetAsync(string tenant, string token, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var reply = new PendingReply<Welcome>(FrameType.Welcome);
        Expect(0, reply);
        _reading = Task.Run(ReadAsync, CancellationToken.None);
        await SendAsync(
            FrameType.Hello, 0, 0, new Hello(Hello.CurrentVersion, FeatureBits.All, tenant, token), default, cancellationToken)
            .ConfigureAwait(false);
        var welcome = await reply.Answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (welcome.Version != Hello.CurrentVersion)
        {
            throw new SwarmTransportException(
                $"The silo at {Endpoint} speaks version {welcome.Version} of the data plane, this client version "
                + $"{Hello.CurrentVersion}: update the older one.",
                isTransient: false);
        }

        _carriesTraces = (welcome.Features & FeatureBits.TraceContext) != 0;
        MayFollow = (welcome.Features & FeatureBits.Follow) != 0;

        // Another port than the silo's own: something is in between that is meant to be there, as a tunnel.
        _localSocket = welcome.Port == Endpoint.Port ? LocalSocket.Find(welcome.LocalName) : null;
        Limits = new DataPlaneLimits(welcome.MaxAttachments, welcome.MaxPendingRequests, welcome.MaxRecordBytes);
        var tick = TimeSpan.FromMilliseconds(Math.Clamp(_options.PingInterval.TotalMilliseconds / 2, 10, 1000));
        lock (_ending)
        {
            if (_fault is null) // Once it has ended, nothing would stop the timer.
            {
                _watchdog = timeProvider.CreateTimer(_ => Watch(), null, tick, tick);
            }
        }
    }

    private void Watch()
    {
        if (Channel.ReceiveSilence > _options.SilenceTimeout)
        {
            End(Lost($"nothing was received within {_options.SilenceTimeout}", null));
        }
        else if (Channel.SendSilence >= _options.PingInterval || Channel.ReceiveSilence >= _options.PingInterval)
        {
            Post(FrameType.Ping, 0, 0, default(Empty));
        }
    }

    private SwarmTransportException Lost(string reason, Exception? cause) =>
        new($"The data-plane connection to {Endpoint} is lost: {reason}", isTransient: true, cause);

    private static SwarmTransportException Again(Exception fault) => new(fault.Message, isTransient: true, fault);

    private void End(SwarmTransportException fault, bool log = true)
    {
        lock (_ending)
        {
            if (_fault is not null)
            {
                return;
            }

            Volatile.Write(ref _fault, fault);
        }

        if (log)
        {
            DataPlaneClientLog.ConnectionLost(_logger, Endpoint.ToString(), fault.Message);
        }

        _watchdog?.Dispose();
        Channel.Abort("closed");
        foreach (var correlation in _pending.Keys)
        {
            if (_pending.TryRemove(correlation, out var reply))
            {
                reply.Fail(Again(fault));
            }
        }

        foreach (var id in _attachments.Keys)
        {
            if (_attachments.TryRemove(id, out var attachment))
            {
                attachment.OnLost(fault);
            }
        }

        _closed.Cancel();
    }
}
