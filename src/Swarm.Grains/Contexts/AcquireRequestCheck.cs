using Swarm.Core.Blocks;
using Swarm.Core.Settings;
using Swarm.Grains.Abstractions;

namespace Swarm.Grains.Contexts;

/// <summary>What a request must look like before it is worth a look at the context.</summary>
internal static class AcquireRequestCheck
{
    /// <summary>Longest canonical configuration of a model, in characters.</summary>
    public const int MaxConfigLength = 64 << 10;

    /// <summary>Longest silence that can be asked for.</summary>
    public const double MaxTimeoutSeconds = 365 * 86_400.0;

    /// <summary>Checks a request's form.</summary>
    /// <param name="request">The request.</param>
    /// <param name="context">Name of the context that the grain's key names.</param>
    /// <returns>What is wrong, or <see langword="null"/>.</returns>
    public static Refusal? FindFault(AcquireContext request, string context)
    {
        if (request.Context != context)
        {
            return Invalid($"The request names context '{request.Context}', the grain is that of '{context}'.");
        }

        try
        {
            Names.RequireContext(request.Context);
            Names.RequireAgent(request.Agent);
        }
        catch (ArgumentException exception)
        {
            return Invalid(SettingRules.TextOf(exception));
        }

        if (request.SecretHash.IsDefault)
        {
            return Invalid("The session's secret hash is unset.");
        }

        if (!Enum.IsDefined(request.Mode))
        {
            return Invalid($"Acquire mode {(int)request.Mode} is unknown.");
        }

        if (request.Mode == AcquireMode.IfHolderTimedOut && request.TimeoutSeconds is not (>= 0 and <= MaxTimeoutSeconds))
        {
            return Invalid($"A timeout of {request.TimeoutSeconds} s is outside 0 to {MaxTimeoutSeconds} s.");
        }

        if (request.Model is null)
        {
            return Invalid("The request names no model.");
        }

        if (request.Model.Config.Length > MaxConfigLength)
        {
            return Invalid(
                $"The model's configuration has {request.Model.Config.Length} characters; up to {MaxConfigLength} are allowed.");
        }

        return request.MayCreate && request.BlockTokens is < 1 or > PrefixHasher.MaxBlockTokens
            ? Invalid($"{request.BlockTokens} positions are not a block; 1 to {PrefixHasher.MaxBlockTokens} are allowed.")
            : null;
    }

    private static Refusal Invalid(string message) => new(RefusalCode.Invalid, message);
}
