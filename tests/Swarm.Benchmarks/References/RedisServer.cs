using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;
using Swarm.Benchmarks.Paths;

namespace Swarm.Benchmarks.References;

/// <summary>A Redis of its own on loopback, without persistence, that holds all bytes in values of 1 MiB.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private const int ValueBytes = 1 << 20;
    private const int Ahead = 8;

    private readonly Process _process;
    private readonly ConnectionMultiplexer _connection;

    private RedisServer(Process process, ConnectionMultiplexer connection) => (_process, _connection) = (process, connection);

    /// <summary>Starts one; <see langword="null"/> where there is no redis-server on the PATH.</summary>
    /// <param name="folder">Its working folder.</param>
    public static async Task<RedisServer?> TryStartAsync(string folder)
    {
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        var process = new Process
        {
            StartInfo = new ProcessStartInfo(
                "redis-server",
                ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
            },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            process.Dispose();
            return null;
        }

        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        var options = ConfigurationOptions.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"));
        options.AbortOnConnectFail = false;
        options.ConnectRetry = 20;
        options.SyncTimeout = options.AsyncTimeout = 60_000;
        return new RedisServer(process, await ConnectionMultiplexer.ConnectAsync(options));
    }

    /// <summary>Sets all values.</summary>
    public async Task SetAsync(KvMemory source)
    {
        var database = _connection.GetDatabase();
        for (long offset = 0; offset < source.Bytes; offset += ValueBytes)
        {
            await database.StringSetAsync(Key(offset), source.Memory(offset, ValueBytes));
        }
    }

    /// <summary>Gets all values, some of them ahead.</summary>
    public async Task GetAsync(KvMemory destination)
    {
        var database = _connection.GetDatabase();
        var under = new Queue<(long Offset, Task<Lease<byte>?> Value)>();
        for (long next = 0; next < destination.Bytes || under.Count > 0;)
        {
            if (next < destination.Bytes && under.Count < Ahead)
            {
                under.Enqueue((next, database.StringGetLeaseAsync(Key(next))));
                next += ValueBytes;
                continue;
            }

            var (offset, value) = under.Dequeue();
            using var lease = await value;
            lease!.Span.CopyTo(destination.Slice(offset, ValueBytes));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static RedisKey Key(long offset) => string.Create(CultureInfo.InvariantCulture, $"kv:{offset}");
}
