using Microsoft.Extensions.Options;
using Swarm.Core.Settings;

namespace Swarm.Clustering.Membership;

/// <summary>Checks <see cref="StoreClusteringOptions"/> when the host starts.</summary>
internal sealed class StoreClusteringOptionsValidator : IValidateOptions<StoreClusteringOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, StoreClusteringOptions options) =>
        SettingRules.FindFaults(options, setting => $"{nameof(StoreClusteringOptions)}.{setting}") is { Count: > 0 } faults
            ? ValidateOptionsResult.Fail(faults)
            : ValidateOptionsResult.Success;
}
