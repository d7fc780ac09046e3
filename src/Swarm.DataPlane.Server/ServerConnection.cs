using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Core.Tenants;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Transport;

namespace Swarm.DataPlane.Server;

/// <summary>One connection: the greeting, the watchdog, and what its requests share.</summary>
internal sealed class ServerConnection : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentDictionary<uint, ServerAttachment> _attachments = new();
    private readonly FrameChannel _channel;
    private readonly TimeProvider _timeProvider;
    private readonly ServerMetrics _metrics;
    private readonly ILogger _logger;
    private readonly long _started;
    private readonly (int Port, string LocalSocket)? _nearer; // Where a client on this machine is served faster.
    private int _attachmentCount;
    private bool _greeted;
    private string? _abortReason;
    private volatile bool _isStopped;

    public ServerConnection(
        string name,
        (int Port, string LocalSocket)? nearer,
        FrameChannel channel,
        IContextHost contexts,
        IngestBudget budget,
        DataPlaneServerOptions options,
        TimeProvider timeProvider,
        ServerMetrics metrics,
        ILogger logger)
    {
        Name = name;
        _nearer = nearer;
        Contexts = contexts;
        Budget = budget;
        Options = options;
        Ended = _ended.Token;
        _channel = channel;
        _timeProvider = timeProvider;
        _metrics = metrics;
        _logger = logger;
        _started = timeProvider.GetTimestamp();
    }

    /// <summary>For logs.</summary>
    public string Name { get; }

    /// <summary>The tenant that the peer greeted with.</summary>
    public string Tenant { get; private set; } = "";

    /// <summary>The silo's open contexts.</summary>
    public IContextHost Contexts { get; }

    /// <summary>The ingest budget of all connections.</summary>
    public IngestBudget Budget { get; }

    /// <summary>Settings.</summary>
    public DataPlaneServerOptions Options { get; }

    /// <summary>Features that both ends have, see <see cref="FeatureBits"/>.</summary>
    public ulong Features { get; private set; }

    /// <summary>Cancelled when the connection is over.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Serves the connection until its end. Never throws for what the peer did.</summary>
    public async Task RunAsync(ITenantDirectory tenants)
    {
        var tick = TimeSpan.FromMilliseconds(Math.Clamp(
            Math.Min(Options.HandshakeTimeout.TotalMilliseconds,
                Math.Min(Options.IdleTimeout.TotalMilliseconds, Options.StallTimeout.TotalMilliseconds)) / 4, 10, 1000));
        var reason = "the peer closed it";
        var watchdog = _timeProvider.CreateTimer(_ => Watch(), null, tick, tick);
        await using (watchdog.ConfigureAwait(false))
        {
            try
            {
                if (await GreetAsync(tenants).ConfigureAwait(false))
                {
                    await new RequestDispatcher(this, _channel).RunAsync().ConfigureAwait(false);
                }
            }
            catch (ProtocolException exception)
            {
                reason = exception.Message;
                _metrics.ConnectionEnded("protocol");
                ServerLog.ConnectionEnded(_logger, Name, reason);
                await SendAsync(
                    FrameType.Refused, 0, 0, new Refused(new Refusal(RefusalCode.Invalid, $"Protocol error: {reason}.")))
                    .ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException
                or ObjectDisposedException or InvalidOperationException or ConnectionAbortedException)
            {
                reason = _abortReason ?? exception.Message;
                if (_abortReason is not null)
                {
                    _metrics.ConnectionEnded("deadline");
                    if (_isStopped)
                    {
                        ServerLog.ConnectionStopped(_logger, Name);
                    }
                    else
                    {
                        ServerLog.ConnectionEnded(_logger, Name, reason);
                    }
                }
            }
            finally
            {
                await _ended.CancelAsync().ConfigureAwait(false);
                foreach (var attachment in _attachments.Values)
                {
                    Remove(attachment);
                    attachment.NoteConnectionLost();
                }
            }
        }

        ServerLog.ConnectionClosed(_logger, Name, reason);
    }

    /// <summary>How KV that is to be sent is read.</summary>
    public KvReading ReadingToSend => _channel.SendsFiles && SendsChecksums ? KvReading.FromFiles : KvReading.IntoMemory;

    /// <summary>Whether the peer checks runs of KV against the checksum that they were stored with.</summary>
    public bool SendsChecksums => (Features & FeatureBits.RunChecksum) != 0;

    /// <summary>Sends a frame. A connection that cannot take it ends.</summary>
    public ValueTask SendAsync<TMessage>(
        FrameType type, uint attachment, uint correlation, TMessage message, ReadOnlyMemory<byte> payload = default)
        where TMessage : IMessage<TMessage> => SendAsync(type, _channel.SendAsync(type, attachment, correlation, message, payload, Ended));

    /// <summary>Sends a frame whose payload is in a file. A connection that cannot take it ends.</summary>
    public ValueTask SendFileAsync<TMessage>(FrameType type, uint attachment, uint correlation, TMessage message, KvFile file)
        where TMessage : IMessage<TMessage> => SendAsync(type, _channel.SendFileAsync(type, attachment, correlation, message, file, Ended));

    private async ValueTask SendAsync(FrameType type, ValueTask sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The connection is over.
        }
        catch (Exception exception)
        {
            Abort($"a {type} frame could not be sent: {exception.Message}");
        }
    }

    /// <summary>Sends a small frame without waiting for it.</summary>
    public void Post<TMessage>(FrameType type, uint attachment, uint correlation, TMessage message)
        where TMessage : IMessage<TMessage> => _ = SendAsync(type, attachment, correlation, message).AsTask();

    /// <summary>Answers a request with a refusal.</summary>
    public ValueTask RefuseAsync(uint attachment, uint correlation, Refusal refusal)
    {
        _metrics.Refused(refusal.Code);
        return SendAsync(FrameType.Refused, attachment, correlation, new Refused(refusal));
    }

    /// <summary>Counts a follower of the silo in.</summary>
    /// <returns><see langword="false"/> if there are as many as may be.</returns>
    public bool TryBeginFollowing()
    {
        if (_metrics.Followed(1) <= Options.MaxFollowers)
        {
            return true;
        }

        EndFollowing();
        return false;
    }

    /// <summary>Counts a follower out.</summary>
    public void EndFollowing() => _metrics.Followed(-1);

    /// <summary>Ends the connection: the silo stops.</summary>
    public void Stop()
    {
        _isStopped = _abortReason is null;
        Abort("the silo stops");
    }

    /// <summary>Ends the connection at once.</summary>
    public void Abort(string reason)
    {
        Interlocked.CompareExchange(ref _abortReason, reason, null);
        _channel.Abort(reason);
    }

    /// <summary>Logs a fault of this side.</summary>
    public void Fail(string request, Exception exception) => ServerLog.RequestFailed(_logger, request, Name, exception);

    /// <summary>Adds an attachment.</summary>
    /// <returns><see langword="false"/> if the connection has as many as it may.</returns>
    public bool TryAdd(ServerAttachment attachment, ulong epoch)
    {
        if (Interlocked.Increment(ref _attachmentCount) > Options.MaxAttachments)
        {
            Interlocked.Decrement(ref _attachmentCount);
            return false;
        }

        _attachments[attachment.Id] = attachment;
        _metrics.Attached(attachment.IsSession, 1);
        ServerLog.Attached(_logger, Name, attachment.Context.Id.ToString(), attachment.Id, epoch);
        if (Ended.IsCancellationRequested)
        {
            Remove(attachment);
        }

        return true;
    }

    /// <summary>Finds an attachment.</summary>
    public ServerAttachment? Find(uint id) => _attachments.GetValueOrDefault(id);

    /// <summary>Ends an attachment; harmless to repeat.</summary>
    public void Remove(ServerAttachment attachment)
    {
        if (_attachments.TryRemove(attachment.Id, out _))
        {
            Interlocked.Decrement(ref _attachmentCount);
            _metrics.Attached(attachment.IsSession, -1);
            attachment.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();

    private async Task<bool> GreetAsync(ITenantDirectory tenants)
    {
        if (await _channel.ReceiveHeaderAsync().ConfigureAwait(false) is not { } header)
        {
            return false;
        }

        if (header.Type != FrameType.Hello || header.Length > FrameLimits.MaxHelloBytes)
        {
            throw new ProtocolException($"the first frame is a {header.Type} of {header.Length} bytes, not a greeting");
        }

        using var body = await _channel.ReceiveHeadAsync(header).ConfigureAwait(false);
        var hello = MessageReader.ReadAll<Hello>(body.Memory.Span);
        if (hello.Version != Hello.CurrentVersion)
        {
            throw new ProtocolException(
                $"the client speaks version {hello.Version}, this silo version {Hello.CurrentVersion}: update the older one");
        }

        if (!tenants.IsAllowed(hello.Tenant, hello.Token))
        {
            _metrics.ConnectionEnded("credential");
            ServerLog.ConnectionRefused(_logger, Name, "unknown tenant or wrong token");
            await RefuseAsync(0, 0, new Refusal(
                RefusalCode.Unauthorized, $"Tenant '{hello.Tenant}' is unknown here or its token is wrong."))
                .ConfigureAwait(false);
            return false;
        }

        Tenant = hello.Tenant;
        Features = hello.Features & (_nearer is null ? FeatureBits.All & ~FeatureBits.LocalSocket : FeatureBits.All);
        Volatile.Write(ref _greeted, true);
        ServerLog.ConnectionOpened(_logger, Name, Tenant);
        await SendAsync(FrameType.Welcome, 0, 0, new Welcome(
            Hello.CurrentVersion,
            Features,
            Options.MaxAttachments,
            Options.MaxPendingRequests,
            (int)Math.Min(FrameLimits.MaxPayloadBytes, Budget.TotalBytes),
            _nearer?.Port ?? 0,
            _nearer?.LocalSocket ?? "")).ConfigureAwait(false);
        return true;
    }

    private void Watch()
    {
        if (!Volatile.Read(ref _greeted) && _timeProvider.GetElapsedTime(_started) > Options.HandshakeTimeout)
        {
            Abort($"no greeting within {Options.HandshakeTimeout}");
        }
        else if (_channel.StalledFor > Options.StallTimeout)
        {
            Abort($"a frame took longer than {Options.StallTimeout}");
        }
        else if (_channel.ReceiveSilence > Options.IdleTimeout)
        {
            Abort($"nothing was received within {Options.IdleTimeout}");
        }
        else
        {
            foreach (var (_, attachment) in _attachments)
            {
                if (Budget.UnusedFor(attachment.Account) > Options.StallTimeout)
                {
                    attachment.GiveUp(); // The others of the connection go on.
                    ServerLog.CreditNotUsed(
                        _logger, attachment.Context.Id.ToString(), attachment.Id, Name, Options.StallTimeout.TotalSeconds);
                }
            }
        }
    }
}
