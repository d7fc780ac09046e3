using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Swarm.Clustering.Holders;
using Swarm.DataPlane.Server;
using Swarm.Host.Connections;
using Swarm.Host.Health;
using Swarm.Host.Logging;
using Swarm.Host.Settings;
using Swarm.Host.Startup;
using Swarm.Host.Stores;
using Swarm.Silo.Listening;
using Swarm.Silo.Stores;
using Swarm.Storage;
using Swarm.Storage.Blobs;

namespace Swarm.Host;

/// <summary>One silo: control plane, data plane, health endpoints and the contexts behind them.</summary>
/// <remarks>
/// The executable runs one; a test may run several in its process. Disposing stops it in order: no new connections,
/// grains deactivated, contexts drained and closed, the log ended, the store closed.
/// </remarks>
public sealed class SwarmHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IBlobStore _store;
    private readonly StoreOwnership _ownership;
    private readonly ILogger _logger;
    private int _hasStopped;

    private SwarmHost(WebApplication app, IBlobStore store, ReadyReport ready)
    {
        _app = app;
        _store = store;
        _ownership = app.Services.GetRequiredService<StoreOwnership>();
        _logger = app.Services.GetRequiredService<ILogger<SwarmHost>>();
        Ready = ready;
    }

    /// <summary>Where it is reached.</summary>
    public ReadyReport Ready { get; }

    /// <summary>The silo's services.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Why the silo stops by itself; <see langword="null"/> where it was told to.</summary>
    public string? Failure => _ownership.Failure;

    /// <summary>Reads the settings, checks them, the ports and the store, and starts a silo.</summary>
    /// <param name="args">A command line; see <c>--help</c>.</param>
    /// <param name="cancellationToken">Stops starting.</param>
    /// <returns>The running silo.</returns>
    /// <exception cref="HostStartException">It cannot start as it is set up. All faults of settings are named at once; without any, all of ports and files; without any, that of the store.</exception>
    /// <exception cref="OperationCanceledException">It was told to stop before it was up.</exception>
    /// <remarks>Signals stay those of the process: whoever embeds a silo disposes of it.</remarks>
    public static Task<SwarmHost> StartAsync(IReadOnlyList<string> args, CancellationToken cancellationToken) =>
        StartAsync(args, services => services.AddSingleton<IHostLifetime, NoSignals>(), cancellationToken);

    /// <summary>Runs a silo as the whole of a process, until a signal or the silo itself ends it. Writes faults to standard error.</summary>
    /// <param name="args">A command line; see <c>--help</c>.</param>
    /// <returns>
    /// The process's exit code: 0 when it was told to end, or printed its help; 1 when it cannot start as it is set up, or ended by itself.
    /// </returns>
    public static async Task<int> RunProcessAsync(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (args.Contains("--help") || args.Contains("-h"))
        {
            Console.WriteLine(HostArguments.Help);
            return 0;
        }

        SwarmHost host;
        try
        {
            host = await StartAsync(args, services => services.AddSingleton<IHostLifetime, StopSignals>(), CancellationToken.None);
        }
        catch (HostStartException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("The silo was told to end before it was up.");
            return 0;
        }
        catch (OrleansException exception)
        {
            await Console.Error.WriteLineAsync($"The silo cannot start: {exception}"); // Not foreseen: with its stack.
            return 1;
        }

        await using (host)
        {
            await host.WaitForShutdownAsync();
            return host.Failure is null ? 0 : 1;
        }
    }

    /// <summary>Likewise, with a lifetime of one's own.</summary>
    internal static async Task<SwarmHost> StartAsync(
        IReadOnlyList<string> args, Action<IServiceCollection> addLifetime, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(args);
        List<string> faults = [];
        var arguments = HostArguments.Parse(args, faults);
        var configuration = ReadConfiguration(arguments, faults);
        var (settings, addresses) = SettingsReader.Read(configuration, faults);
        if (addresses is null || faults.Count > 0)
        {
            throw new HostStartException(faults);
        }

        ReadyFile.FindFaults(arguments.ReadyFile, faults);
        var limits = ConnectionLimits.Share(ConnectionLimits.ReadFileLimit(faults), settings.DataPlane.MaxConnections);
        PortProbe.FindFaults(settings.Endpoints, addresses.Listen, faults);
        if (faults.Count > 0)
        {
            throw new HostStartException(faults); // Before the store: trying one makes its folder or container.
        }

        var store = await StoreProbe.OpenAsync(settings.Store, faults, cancellationToken);
        if (store is null || faults.Count > 0)
        {
            (store as IDisposable)?.Dispose();
            throw new HostStartException(faults);
        }

        try
        {
            PortProbe.ChooseOrleansPorts(settings.Endpoints, addresses.Listen);
            ReadyFile.Remove(arguments.ReadyFile);
            var (generation, alive) = await ClusterProbe.LookAsync(store, settings, addresses, TimeProvider.System, cancellationToken);
            return await StartAsync(
                arguments, configuration, settings, addresses, limits, generation, alive, store, addLifetime, cancellationToken);
        }
        catch
        {
            (store as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the process is told to end, or the silo stops by itself.</summary>
    /// <returns>A task that ends when the silo has stopped.</returns>
    public Task WaitForShutdownAsync() => _app.WaitForShutdownAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _ownership.LeaveAsync();
        (_store as IDisposable)?.Dispose();
        if (Interlocked.Exchange(ref _hasStopped, 1) == 0)
        {
            HostLog.Stopped(_logger); // The console writes what comes when it is disposed of at once.
        }
    }

    private static IConfigurationRoot ReadConfiguration(HostArguments arguments, List<string> faults)
    {
        var file = arguments.ConfigFile is { } name ? ConfigFile.Read(name, faults) : null;
        if (file is not null)
        {
            RequireKnownSections(file, $"--config {arguments.ConfigFile}", faults);
        }

        RequireKnownSections(new ConfigurationBuilder().AddInMemoryCollection(arguments.Settings).Build(), "The command line", faults);
        return AddGiven(new ConfigurationBuilder().AddInMemoryCollection(LogDefaults.Settings(AddGiven(new ConfigurationBuilder()))));

        // Not one configuration within another: .NET takes an empty value there for none.
        IConfigurationRoot AddGiven(IConfigurationBuilder builder) => builder
            .AddInMemoryCollection(file?.AsEnumerable() ?? [])
            .AddEnvironmentVariables()
            .AddInMemoryCollection(arguments.Settings)
            .Build();
    }

    // The environment holds much that is not for a silo; a file and the command line do not.
    private static void RequireKnownSections(IConfiguration settings, string place, List<string> faults)
    {
        foreach (var section in settings.GetChildren().Select(section => section.Key))
        {
            if (!section.StartsWith('$')
                && !section.Equals("Swarm", StringComparison.OrdinalIgnoreCase)
                && !section.Equals(LoggingCheck.SectionName, StringComparison.OrdinalIgnoreCase))
            {
                faults.Add($"{place} has a section '{section}'; settings are in 'Swarm' and '{LoggingCheck.SectionName}'; see --help.");
            }
        }
    }

    private static async Task<SwarmHost> StartAsync(
        HostArguments arguments,
        IConfigurationRoot configuration,
        HostSettings settings,
        Addresses addresses,
        ConnectionLimits limits,
        int leastGeneration,
        IReadOnlyList<string> alive,
        IBlobStore store,
        Action<IServiceCollection> addLifetime,
        CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Swarm.Host" });
        builder.Configuration.AddConfiguration(configuration);
        builder.Logging.AddConfiguration(configuration.GetSection("Logging"));
        var isUp = LogDefaults.AddStartFilter(builder.Logging, configuration);
        var isStopping = LogDefaults.AddConsole(builder.Logging, configuration);
        addLifetime(builder.Services);
        builder.Services.AddSwarmSettings(store, settings);
        // HTTP answers while the silo joins, which may take longer than an orchestrator waits for a process that says nothing.
        builder.Services.Configure<HostOptions>(options => options.ServicesStartConcurrently = true);
        builder.UseOrleans(silo => Composition.ConfigureSilo(silo, settings, addresses, leastGeneration));

        ListenOptions? http = null;
        ListenOptions? dataPlane = null;
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            var gates = kestrel.ApplicationServices.GetRequiredService<ConnectionGates>();
            kestrel.Limits.KeepAliveTimeout = ConnectionGate.GreetingTimeout;
            kestrel.Limits.RequestHeadersTimeout = ConnectionGate.GreetingTimeout;
            kestrel.Listen(addresses.Listen, settings.Endpoints.Http, listen =>
            {
                gates.GuardHttp(listen);
                listen.Protocols = HttpProtocols.Http1;
                http = listen;
            });
            kestrel.Listen(addresses.Listen, settings.Endpoints.DataPlane, listen =>
            {
                gates.GuardDataPlane(listen);
                listen.UseConnectionHandler<SwarmConnectionHandler>();
                dataPlane = listen;
            });
            if (kestrel.ApplicationServices.GetRequiredService<SwarmConnectionHandler>().LocalEndpoint is { } local)
            {
                kestrel.Listen(local, listen =>
                {
                    gates.GuardDataPlane(listen);
                    listen.UseConnectionHandler<SwarmConnectionHandler>();
                });
            }
        });

        builder.Services.AddSwarmGates(limits, settings.Endpoints);
        var app = Build(builder);
        var ownership = app.Services.GetRequiredService<StoreOwnership>();
        try
        {
            await TakeAsync(ownership, cancellationToken);
            HealthEndpoints.Map(app);
            var logger = app.Services.GetRequiredService<ILogger<SwarmHost>>();
            app.Lifetime.ApplicationStopping.Register(() =>
            {
                Volatile.Write(ref isStopping.Value, true);
                HostLog.Stopping(logger);
                app.Services.GetRequiredService<ContextStore>().BeginStop();
            });
            if (!addresses.IsOfThisMachine)
            {
                HostLog.AddressElsewhere(logger, addresses.Advertised);
            }

            if (alive.Count > 0)
            {
                HostLog.Joining(logger, alive.Count, string.Join(' ', alive), settings.Cluster.LongestSilence.TotalSeconds);
            }

            await app.Services.GetRequiredService<ContextStore>().CheckStoreAsync(cancellationToken);
            await app.StartAsync(cancellationToken);
            var ready = Report(settings, http!.IPEndPoint!, dataPlane!.IPEndPoint!);
            app.Services.GetRequiredService<DataPlaneAddress>().Set(ready.DataPlane);
            Volatile.Write(ref isUp.Value, true);
            HostLog.Up(logger, ready.Gateway, ready.DataPlane, ready.Health, ready.ClusterId, StoreProbe.PlaceOf(store));
            await TellAsync(arguments, ready, cancellationToken);
            return new SwarmHost(app, store, ready);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            var isToldToStop = cancellationToken.IsCancellationRequested || app.Lifetime.ApplicationStopping.IsCancellationRequested;
            await app.DisposeAsync();
            await ownership.LeaveAsync();
            if (isToldToStop && StartFaults.IsOnlyCancellation(exception))
            {
                throw ownership.Failure is { } failure
                    ? new HostStartException([$"{StoreSettings.SectionName}: {failure}"])
                    : new OperationCanceledException("The silo was told to stop before it was up.", exception, cancellationToken);
            }

            throw StartFaults.Explain(exception, settings.Cluster);
        }
    }

    private static async Task TakeAsync(StoreOwnership ownership, CancellationToken cancellationToken)
    {
        try
        {
            await ownership.TakeAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is StoreHeldException or BlobStoreException)
        {
            throw new HostStartException([$"{StoreSettings.SectionName}: {exception.Message}"]);
        }
    }

    private static WebApplication Build(WebApplicationBuilder builder)
    {
        try
        {
            return builder.Build();
        }
        catch (IOException fault)
        {
            throw new HostStartException([$"Swarm:Tiers: {fault.Message}"]); // The store opens its disk tier.
        }
    }

    private static ReadyReport Report(HostSettings settings, IPEndPoint http, IPEndPoint dataPlane)
    {
        var host = settings.Endpoints.Address;
        host = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return new ReadyReport(
            "ready",
            Environment.ProcessId,
            $"{host}:{settings.Endpoints.Gateway}",
            $"{host}:{dataPlane.Port}",
            $"http://{host}:{http.Port}",
            $"{host}:{settings.Endpoints.Silo}",
            settings.Cluster.ClusterId,
            settings.Cluster.ServiceId);
    }

    private static async Task TellAsync(HostArguments arguments, ReadyReport ready, CancellationToken cancellationToken)
    {
        var line = JsonSerializer.Serialize(ready, ReadyJson.Default.ReadyReport);
        if (arguments.ReadyFile is { } file)
        {
            await ReadyFile.WriteAsync(file, line, cancellationToken);
        }

        if (arguments.PrintsReady)
        {
            await Console.Out.WriteLineAsync(line.AsMemory(), cancellationToken);
            await Console.Out.FlushAsync(cancellationToken);
        }
    }
}
