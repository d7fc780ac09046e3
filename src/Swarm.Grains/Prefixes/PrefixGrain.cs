using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Settings;
using Swarm.Grains.Abstractions;

namespace Swarm.Grains.Prefixes;

/// <summary>Asks the directory whose KV there is, and forks that context, which proves it.</summary>
[GrainType("swarm-prefixes")]
[StatelessWorker]
internal sealed class PrefixGrain(IPrefixDirectory directory, IContextHost host, GrainsMetrics metrics, ILogger<PrefixGrain> logger) : Grain, IPrefixGrain
{
    /// <summary>How many hints may turn out wrong.</summary>
    private const int MaxAttempts = 4;

    private static readonly PrefixForkAnswer _nothing = new("", 0, null);

    /// <inheritdoc/>
    public async Task<PrefixForkAnswer> ForkAsync(PrefixFork request, CancellationToken cancellationToken)
    {
        try
        {
            Names.RequireContext(request.Name);
        }
        catch (ArgumentException exception)
        {
            return Invalid(SettingRules.TextOf(exception));
        }

        if (request.BlockTokens is < 1 or > PrefixHasher.MaxBlockTokens || request.Tokens is null
            || request.Tokens.Length > IPrefixDirectory.MaxTokensIn(request.BlockTokens))
        {
            return Invalid(
                $"{request.Tokens?.Length ?? 0} tokens in blocks of {request.BlockTokens} are not looked for: at most "
                + $"{IPrefixDirectory.MaxBlocks} blocks, of 1 to {PrefixHasher.MaxBlockTokens}.");
        }

        GrainKeys.TrySplit(this.GetPrimaryKeyString(), out var tenant, out _);
        try
        {
            for (var attempt = 0; attempt < MaxAttempts; attempt++)
            {
                var found = await directory.FindAsync(
                    tenant, new ModelFingerprint(request.Model), request.BlockTokens, request.Tokens, cancellationToken);
                if (found is null)
                {
                    metrics.LookedUp("miss");
                    return _nothing;
                }

                // Not through the context's grain: its holder is not to wait for those who share with it.
                var parent = ContextId.FromNames(tenant, found.Context);
                try
                {
                    var made = await host.ForkAsync(parent, request.Name, found.Position, found.Hash, cancellationToken);
                    metrics.LookedUp("hit");
                    return new PrefixForkAnswer(found.Context, made.Position, null);
                }
                catch (SwarmRefusedException exception)
                    when (exception.Refusal.Code is RefusalCode.NotFound or RefusalCode.Gap or RefusalCode.Conflict)
                {
                    metrics.LookedUp("wrong");
                    GrainsLog.PrefixWrong(logger, found.Context, found.Position, exception.Message);
                    await directory.ForgetAsync(parent);
                }
            }

            return _nothing;
        }
        catch (SwarmRefusedException exception)
        {
            return new PrefixForkAnswer("", 0, exception.Refusal);
        }
    }

    private static PrefixForkAnswer Invalid(string message) => new("", 0, new Refusal(RefusalCode.Invalid, message));
}
