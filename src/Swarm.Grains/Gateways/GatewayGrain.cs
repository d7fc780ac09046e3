using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Swarm.Grains.Abstractions;

namespace Swarm.Grains.Gateways;

/// <summary>Knows the gateways from the membership table, which it reads now and then.</summary>
/// <remarks>A stateless worker runs on the silo whose gateway the call came through, so its answer is a sign of life.</remarks>
[GrainType("swarm-gateway")]
[StatelessWorker(1)]
[Reentrant]
internal sealed class GatewayGrain(IGrainFactory grains, ILogger<GatewayGrain> logger) : Grain, IGatewayGrain
{
    private IReadOnlyList<string> _gateways = [];

    private static TimeSpan Period => TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(
            RefreshAsync, new GrainTimerCreationOptions(TimeSpan.Zero, Period) { Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListAsync() => Task.FromResult(_gateways);

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            var members = await grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: true, cancellationToken);
            _gateways =
            [
                .. members.Where(member => member.ProxyPort != 0)
                    .Select(member => new IPEndPoint(member.SiloAddress.Endpoint.Address, member.ProxyPort).ToString()),
            ];
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.GatewaysUnknown(logger, exception.Message); // The last list is still good to try.
        }
    }
}
