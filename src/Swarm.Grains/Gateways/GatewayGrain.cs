using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Swarm.Core.Tenants;
using Swarm.Grains.Abstractions;

namespace Swarm.Grains.Gateways;

/// <summary>Knows the gateways from the membership table, which it reads now and then.</summary>
/// <remarks>A stateless worker runs on the silo whose gateway the call came through, so its answer is a sign of life.</remarks>
[GrainType("swarm-gateway")]
[StatelessWorker(1)]
[Reentrant]
internal sealed class GatewayGrain(IGrainFactory grains, ITenantDirectory tenants, ILogger<GatewayGrain> logger) : Grain, IGatewayGrain
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

    /// <inheritdoc/>
    public Task<Refusal?> AuthenticateAsync()
    {
        var credential = CallCredential.Current ?? default;
        if (credential.Tenant is { } tenant && tenants.IsAllowed(tenant, credential.Token))
        {
            return Task.FromResult<Refusal?>(null);
        }

        GrainsLog.CallRefused(logger, nameof(AuthenticateAsync), credential.Tenant ?? "");
        return Task.FromResult<Refusal?>(new Refusal(
            RefusalCode.Unauthorized,
            credential.Tenant is null
                ? "The call came without a credential: attach the tenant's name and its token."
                : $"There is no tenant '{credential.Tenant}', or its token is another one. Check the credential, and the silo's Swarm:Tenants."));
    }

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
            GrainsLog.GatewaysUnknown(logger, exception.Message); // The last list is still good to try.
        }
    }
}
