using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Core.Tenants;
using Swarm.DataPlane;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Server;

namespace Swarm.Benchmarks.Paths;

/// <summary>A silo's data plane on loopback, in this process, over a store.</summary>
internal sealed class LoopbackServer : IAsyncDisposable, ITenantDirectory, IDataPlaneObserver
{
    private readonly WebApplication _app;

    private LoopbackServer(IContextHost contexts)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(contexts);
        builder.Services.AddSingleton<ITenantDirectory>(this);
        builder.Services.AddSingleton(new DataPlaneServerOptions());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<SwarmConnectionHandler>();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseConnectionHandler<SwarmConnectionHandler>()));
        _app = builder.Build();
    }

    /// <summary>Starts one.</summary>
    public static async Task<LoopbackServer> StartAsync(IContextHost contexts)
    {
        var server = new LoopbackServer(contexts);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Connects as the holder of a context.</summary>
    public async Task<(DataPlaneClient Client, DataPlaneSession Session)> AttachAsync(FilledContext context)
    {
        var client = await DataPlaneClient.ConnectAsync(
            Endpoint(), FilledStore.Tenant, "", new DataPlaneClientOptions(), TimeProvider.System);
        return (client, await client.AttachAsync(context.Name, context.Proof.Epoch, context.Secret, this));
    }

    /// <inheritdoc/>
    public bool IsAllowed(string tenant, string token) => tenant == FilledStore.Tenant;

    /// <inheritdoc/>
    public void OnDurable(Epoch epoch, Watermarks durable)
    {
    }

    /// <inheritdoc/>
    public void OnFenced(Epoch current) => throw new InvalidOperationException($"Fenced by epoch {current}.");

    /// <inheritdoc/>
    public void OnMoved() => throw new InvalidOperationException("The context has moved.");

    /// <inheritdoc/>
    public void OnLost(Exception exception)
    {
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private DataPlaneEndpoint Endpoint()
    {
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new DataPlaneEndpoint("127.0.0.1", new Uri(address).Port);
    }
}
