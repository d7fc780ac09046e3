using Microsoft.Extensions.Options;
using Swarm.Core.Settings;

namespace Swarm.Clustering.Writers;

/// <summary>Checks <see cref="WriterLivenessOptions"/> when the host starts.</summary>
internal sealed class WriterLivenessOptionsValidator : IValidateOptions<WriterLivenessOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, WriterLivenessOptions options) =>
        SettingRules.FindFaults(options, setting => $"{nameof(WriterLivenessOptions)}.{setting}") is { Count: > 0 } faults
            ? ValidateOptionsResult.Fail(faults)
            : ValidateOptionsResult.Success;
}
