using Microsoft.Extensions.Logging;
using Orleans.Services;
using Swarm.Core.Tenants;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Abstractions.Fleet;

namespace Swarm.Grains.Security;

/// <summary>Lets a call reach only the grains of the tenant whose credential came with it.</summary>
/// <remarks>
/// Every call of an agent, context or prefix grain is checked, those between grains too: the credential flows with them. Which
/// gateways there are, anybody may ask; a call of one's own, anybody may cancel. Of Orleans' own grains, such as the management grain, a client reaches none;
/// the system targets that its connection needs, it does.
/// </remarks>
internal sealed class CredentialFilter(ITenantDirectory tenants, GrainsMetrics metrics, ILogger<CredentialFilter> logger) : IIncomingGrainCallFilter
{
    private const string Cancellation = "Orleans.Runtime.IGrainCallCancellationExtension"; // Internal to Orleans.

    /// <inheritdoc/>
    public Task Invoke(IIncomingGrainCallContext context)
    {
        var target = context.TargetContext.GrainId;
        if (context.SourceId == target)
        {
            return context.Invoke(); // A grain's own timer: nobody's request.
        }

        if (context.InterfaceName == Cancellation
            && (context.SourceId?.IsClient() != true || context.Request.GetArgument(0) is GrainId caller && caller == context.SourceId))
        {
            return context.Invoke(); // Without the call's credential: Orleans sends it on its own behalf, a silo's for its grains.
        }

        if (context.Grain is not (IAgentGrain or IContextGrain or IPrefixGrain or IFleetGrain))
        {
            // Grain services are system targets too, and for silos alone.
            if (context.SourceId is not { } source || !source.IsClient() || context.Grain is IGatewayGrain
                || (target.IsSystemTarget() && (context.Grain is not IGrainService || IsOfSilo(source))))
            {
                return context.Invoke();
            }

            Refuse(context.InterfaceName, "");
            throw Unauthorized($"Clients may not call {context.InterfaceName}.");
        }

        var isKey = GrainKeys.TrySplit(target.Key.ToString() ?? "", out var tenant, out _);
        if (CallCredential.Current is not { } credential)
        {
            Refuse(context.InterfaceName, tenant);
            throw Unauthorized("The call came without a credential: attach the tenant's name and its token.");
        }

        if (!isKey || credential.Tenant != tenant || !tenants.IsAllowed(credential.Tenant, credential.Token))
        {
            Refuse(context.InterfaceName, tenant);
            throw Unauthorized($"The credential of tenant '{credential.Tenant}' does not open '{tenant}', or its token is wrong.");
        }

        return context.Invoke();
    }

    private void Refuse(string @interface, string tenant)
    {
        metrics.Refused("call", RefusalCode.Unauthorized);
        GrainsLog.CallRefused(logger, @interface, tenant);
    }

    // What runs in a silo outside of its grains calls through a client of its own, which Orleans names so.
    private static bool IsOfSilo(GrainId client) => client.Key.ToString()!.StartsWith("hosted-", StringComparison.Ordinal);

    // Of exactly this type: see SwarmRefusedConverter.
    private static SwarmRefusedException Unauthorized(string message) =>
        new(new Refusal(RefusalCode.Unauthorized, message));
}
