using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Abstractions.Fleet;
using Swarm.Grains.Fleet;
using Swarm.Grains.Tests.Support;
using Swarm.Testing;
using Xunit;

namespace Swarm.Grains.Tests.Fleet;

/// <summary>What a silo tells a fleet whose grain is lost, and lives again elsewhere without knowing anything.</summary>
public sealed class HolderWatchTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// The context is closed while the fleet's grain cannot be reached, or has no members yet. Its holder may be gone too: nobody but the fleet
    /// would have it opened again.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Remove_WhileTheFleetIsLost_IsToldToTheNextActivation(bool isUnreachable)
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path);
        await silo.Context("held").AcquireAsync(Requests.Acquire("held", "a"), Token);
        var (fleet, factory) = LosableFleet.Create();
        using var watch = new HolderWatch(factory, TimeProvider.System, NullLogger<HolderWatch>.Instance);
        new CallCredential(TestSilo.Tenant, "").Attach();
        watch.Add(TestSilo.Tenant, "held", silo.FindOpen("held")!);
        await watch.StartAsync(Token);
        await Poll.UntilAsync(() => fleet.Noted.Any(note => note.Context == "held"), Token);

        fleet.Lose(isUnreachable);
        var asked = fleet.Asked;
        await Poll.UntilAsync(() => fleet.Asked > asked + 1, Token); // It knows.
        watch.Remove(TestSilo.Tenant, "held", isIdle: false);
        await Poll.UntilAsync(() => fleet.Asked > asked + 3, Token);
        fleet.Join();

        await Poll.UntilAsync(() => fleet.Closed.Contains(new DirectoryEntry("held", Guid.Empty)), Token);
        await watch.StopAsync(Token);
    }

    /// <summary>A fleet's grain, and the factory that finds it.</summary>
    public class LosableFleet : DispatchProxy
    {
        private volatile bool _isUnreachable;
        private volatile bool _hasMembers = true;
        private Guid _activation = Guid.NewGuid();
        private IFleetGrain? _grain;
        private int _asked;

        public ConcurrentBag<ContextNote> Noted { get; } = [];

        public ConcurrentBag<DirectoryEntry> Closed { get; } = [];

        public int Asked => Volatile.Read(ref _asked);

        public static (LosableFleet Fleet, IGrainFactory Factory) Create()
        {
            var factory = Create<IGrainFactory, LosableFleet>();
            var fleet = (LosableFleet)factory;
            fleet._grain = Create<IFleetGrain, Grain>();
            ((Grain)fleet._grain).Fleet = fleet;
            return (fleet, factory);
        }

        public void Lose(bool isUnreachable) => (_hasMembers, _activation, _isUnreachable) = (false, Guid.NewGuid(), isUnreachable);

        public void Join() => (_hasMembers, _isUnreachable) = (true, false);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _grain;

        public class Grain : DispatchProxy
        {
            public LosableFleet Fleet { get; set; } = null!;

            protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
            {
                var isAsked = targetMethod!.Name == nameof(IFleetGrain.GetStateAsync);
                Interlocked.Add(ref Fleet._asked, isAsked ? 1 : 0);
                if (Fleet._isUnreachable)
                {
                    var lost = new TimeoutException("The silo of the fleet's grain does not answer.");
                    return isAsked ? Task.FromException<FleetState>(lost) : Task.FromException(lost);
                }

                if (targetMethod.Name == nameof(IFleetGrain.NoteContextsAsync))
                {
                    Array.ForEach((ContextNote[])args![1]!, Fleet.Noted.Add);
                    Array.ForEach((DirectoryEntry[])args[2]!, Fleet.Closed.Add);
                }

                return isAsked ? Task.FromResult(new FleetState(Fleet._hasMembers, Fleet._activation, 1, [], true)) : Task.CompletedTask;
            }
        }
    }
}
