using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Swarm.Clustering;
using Swarm.Clustering.Membership;
using Swarm.Clustering.Writers;
using Swarm.Core.Settings;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Server;
using Swarm.Grains;
using Swarm.Grains.Contexts;
using Swarm.Storage;
using Swarm.Storage.Azure;
using Swarm.Storage.Blobs;
using Swarm.Testing;
using Xunit;

namespace Swarm.Silo.Tests;

/// <summary>Every options class refuses each setting that is out of its range, by name, where the options are taken.</summary>
public sealed class OptionsTests
{
    /// <summary>How each options class is taken: a constructor or method for options of code, a host's start for those of a container.</summary>
    private static readonly Dictionary<Type, Action<object>> Takers = new()
    {
        [typeof(ContextStoreOptions)] = options => _ = new ContextStore(
            new InMemoryBlobStore(), (ContextStoreOptions)options, TimeProvider.System, NullLoggerFactory.Instance),
        [typeof(DataPlaneServerOptions)] = options => _ = new SwarmConnectionHandler(
            null!, null!, (DataPlaneServerOptions)options, TimeProvider.System, NullLogger<SwarmConnectionHandler>.Instance),
        [typeof(AzureBlobStoreOptions)] = options => AzureBlobStore.Connect("UseDevelopmentStorage=true", "swarm", (AzureBlobStoreOptions)options),
        [typeof(MemoryOptions)] = options => ((MemoryOptions)options).Validate(),
        [typeof(SwarmClientOptions)] = options => ((SwarmClientOptions)options).Validate(),
        [typeof(DataConnectionOptions)] = options => new SwarmClientOptions { DataPlane = (DataConnectionOptions)options }.Validate(),
        [typeof(DataPlaneClientOptions)] = options => _ = new DataPlanePool(
            "t", "", (DataPlaneClientOptions)options, new DataPlanePoolOptions(), TimeProvider.System, NullLogger.Instance),
        [typeof(DataPlanePoolOptions)] = options => _ = new DataPlanePool(
            "t", "", new DataPlaneClientOptions(), (DataPlanePoolOptions)options, TimeProvider.System, NullLogger.Instance),
        [typeof(ContextGrainOptions)] = options => Start(services => services.AddSwarmGrains(), (ContextGrainOptions)options),
        [typeof(SwarmSiloOptions)] = options => Start(_ => { }, (SwarmSiloOptions)options, silo => silo.AddSwarmSilo(_ => { })),
        [typeof(WriterLivenessOptions)] = options => Start(_ => { }, (WriterLivenessOptions)options, silo => silo.UseWriterPeers(_ => { })),
        [typeof(StoreClusteringOptions)] = options => Start(_ => { }, (StoreClusteringOptions)options, silo => silo.UseStoreClustering()),
    };

    /// <summary>Options that are checked by what takes them, and tested beside it.</summary>
    private static readonly Type[] Others = [typeof(SamplerOptions), typeof(GenerateOptions)];

    public static TheoryData<Type> Classes => [.. Takers.Keys];

    [Fact]
    public void OptionsClasses_InAllAssemblies_AreTestedHere()
    {
        var found = Assemblies(typeof(SwarmSiloOptions).Assembly, typeof(MemoryOptions).Assembly, typeof(AzureBlobStoreOptions).Assembly)
            .SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => type.IsClass && type.Name.EndsWith("Options", StringComparison.Ordinal) && Ranged(type).Any());

        Assert.Equal(
            Takers.Keys.Concat(Others).Select(type => type.FullName).Order(StringComparer.Ordinal),
            found.Select(type => type.FullName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Classes))]
    public void Settings_NumbersTimesAndPaths_HaveARange(Type options) => Assert.All(
        Ranged(options), property => Assert.True(property.GetCustomAttribute<SettingAttribute>() is not null, $"{property.Name} has no [Setting]."));

    [Theory]
    [MemberData(nameof(Classes))]
    public void Take_EachSettingOutOfRange_IsRefusedByNameWithLimitAndRemedy(Type options)
    {
        foreach (var (property, value) in OutOfRange.Of(options))
        {
            var given = Activator.CreateInstance(options)!;
            property.SetValue(given, value);

            var refused = Record.Exception(() => Takers[options](given));

            Assert.True(
                refused is ArgumentException or OptionsValidationException,
                $"{options.Name}.{property.Name} = {value} was not refused: {refused?.ToString() ?? "no exception"}");
            Assert.Contains(property.Name, refused!.Message, StringComparison.Ordinal);
            Assert.Matches("(is allowed|is needed): set it|The path ", refused.Message);
        }
    }

    // Starts a host as far as its options are checked, which is before anything of it runs.
    private static void Start<T>(Action<IServiceCollection> add, T options, Action<ISiloBuilder>? configure = null)
        where T : class
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (configure is not null)
        {
            builder.UseOrleans(configure);
        }

        add(builder.Services);
        builder.Services.Configure<T>(given =>
        {
            foreach (var property in typeof(T).GetProperties().Where(property => property.SetMethod is { IsPublic: true }))
            {
                property.SetValue(given, property.GetValue(options));
            }
        });
        using var services = builder.Services.BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
    }

    private static IEnumerable<PropertyInfo> Ranged(Type type) => type.GetProperties().Where(property =>
        property.SetMethod is { IsPublic: true }
        && (property.PropertyType == typeof(int) || property.PropertyType == typeof(long) || property.PropertyType == typeof(TimeSpan)
            || (property.PropertyType == typeof(string) && property.Name.EndsWith("Path", StringComparison.Ordinal))));

    private static HashSet<Assembly> Assemblies(params Assembly[] roots)
    {
        HashSet<Assembly> found = [];
        var open = new Queue<Assembly>(roots);
        while (open.TryDequeue(out var assembly))
        {
            if (found.Add(assembly))
            {
                foreach (var name in assembly.GetReferencedAssemblies().Where(name => name.Name!.StartsWith("Swarm.", StringComparison.Ordinal)))
                {
                    open.Enqueue(Assembly.Load(name));
                }
            }
        }

        return found;
    }
}
