using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Server;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.DataPlane.Tests.Hosting;

/// <summary>The real handler behind a real Kestrel on loopback, over contexts in memory.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app, MemoryHost contexts, SwarmConnectionHandler handler)
    {
        (_app, Contexts, Handler) = (app, contexts, handler);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(address => !address.Contains("unix:", StringComparison.Ordinal));
        Endpoint = new DataPlaneEndpoint("127.0.0.1", new Uri(address).Port);
    }

    public MemoryHost Contexts { get; }

    public SwarmConnectionHandler Handler { get; }

    public DataPlaneEndpoint Endpoint { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TestServer> StartAsync(DataPlaneServerOptions? options = null, bool listensLocally = false)
    {
        var contexts = new MemoryHost();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IContextHost>(contexts);
        builder.Services.AddSingleton<Core.Tenants.ITenantDirectory>(contexts);
        builder.Services.AddSingleton(options ?? new DataPlaneServerOptions());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<SwarmConnectionHandler>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseConnectionHandler<SwarmConnectionHandler>());
            if (listensLocally && kestrel.ApplicationServices.GetRequiredService<SwarmConnectionHandler>().LocalEndpoint is { } local)
            {
                kestrel.Listen(local, listen => listen.UseConnectionHandler<SwarmConnectionHandler>());
            }
        });
        var app = builder.Build();
        await app.StartAsync(Token);
        return new TestServer(app, contexts, app.Services.GetRequiredService<SwarmConnectionHandler>());
    }

    public MemoryContext AddContext(string name, ToyRuntime runtime) =>
        Contexts.Add(new MemoryContext(ContextId.FromNames(MemoryHost.Tenant, name), runtime.Model));

    public Task<DataPlaneClient> ConnectAsync(DataPlaneClientOptions? options = null, string? through = null) => DataPlaneClient.ConnectAsync(
        through is null ? Endpoint : DataPlaneEndpoint.Parse(through), MemoryHost.Tenant, MemoryHost.Secret, options ?? new DataPlaneClientOptions(), TimeProvider.System, null, Token);

    /// <summary>A pool of connections to this server.</summary>
    public static DataPlanePool CreatePool(
        DataPlanePoolOptions? options = null, DataPlaneClientOptions? connection = null, TimeProvider? clock = null) => new(
        MemoryHost.Tenant, MemoryHost.Secret, connection ?? new DataPlaneClientOptions(), options ?? new DataPlanePoolOptions(), clock ?? TimeProvider.System);

    /// <summary>Acquires a context and attaches to it.</summary>
    public static async Task<(DataPlaneSession Session, Observer Observer, SessionSecret Secret)> AttachAsync(
        DataPlaneClient client, MemoryContext context, string name)
    {
        var secret = SessionSecret.Create();
        var granted = await context.AcquireAsync(new AcquireRequest("agent", secret.Hash, default), Token);
        var observer = new Observer();
        return (await client.AttachAsync(name, granted.Epoch, secret, observer, Token), observer, secret);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}
