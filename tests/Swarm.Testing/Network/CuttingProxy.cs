using System.Net;
using System.Net.Sockets;

namespace Swarm.Testing.Network;

/// <summary>A wire between two ends on loopback that a test can cut, stop and mend.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;
    private volatile DnsEndPoint _target;
    private volatile bool _refuses;
    private volatile TaskCompletionSource? _stalled;

    public CuttingProxy(string target)
    {
        _target = Parse(target);
        _listener.Start();
        Endpoint = $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _accepting = AcceptAsync();
    }

    public string Endpoint { get; }

    /// <summary>Connections that were made through it.</summary>
    public int Connections { get; private set; }

    /// <summary>Cuts every connection in the middle of whatever it carries.</summary>
    public void Cut()
    {
        lock (_sockets)
        {
            foreach (var socket in _sockets)
            {
                socket.Close(0);
            }

            _sockets.Clear();
        }
    }

    /// <summary>Cuts, and takes no new connections until <see cref="Mend"/>.</summary>
    public void Stop()
    {
        _refuses = true;
        Cut();
    }

    /// <summary>Carries nothing until <see cref="Mend"/>; connections stay, and both ends' buffers fill.</summary>
    public void Stall() => _stalled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Mend()
    {
        _refuses = false;
        _stalled?.SetResult();
        _stalled = null;
    }

    /// <summary>Cuts; new connections lead to another end.</summary>
    public void Turn(string target)
    {
        _target = Parse(target);
        Cut();
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        Mend();
        Cut();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Dispose();
    }

    private static DnsEndPoint Parse(string target)
    {
        var colon = target.LastIndexOf(':');
        return new DnsEndPoint(
            target[..colon], int.Parse(target[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture), AddressFamily.InterNetwork);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var near = await _listener.AcceptSocketAsync(_ended.Token);
            if (_refuses)
            {
                near.Close(0);
                continue;
            }

            var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            near.NoDelay = true;
            try
            {
                await far.ConnectAsync(_target, _ended.Token);
            }
            catch (SocketException)
            {
                near.Close(0); // Nobody is there, as while a silo starts again.
                continue;
            }

            lock (_sockets)
            {
                Connections++;
                _sockets.Add(near);
                _sockets.Add(far);
            }

            _ = PumpAsync(near, far);
            _ = PumpAsync(far, near);
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 << 10];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer)) > 0)
            {
                await (_stalled?.Task ?? Task.CompletedTask);
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            from.Close(0);
            to.Close(0);
        }
    }
}
