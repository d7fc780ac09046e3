using System.Net;
using Microsoft.Extensions.Options;
using Swarm.Core.Identity;
using Swarm.Core.Settings;
using Swarm.Grains.Contexts;

namespace Swarm.Silo;

/// <summary>Finds every fault of the settings at once.</summary>
internal sealed class SwarmSiloOptionsValidator : IValidateOptions<SwarmSiloOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SwarmSiloOptions options)
    {
        List<string> faults = [];
        if (options.Store is null)
        {
            faults.Add($"{nameof(options.Store)} is not set: name a store, such as new InMemoryBlobStore() for tests.");
        }

        faults.AddRange(SettingDefinition.FindFaults(options.Storage).Select(fault => $"{nameof(options.Storage)}.{fault}"));
        faults.AddRange(options.DataPlane.FindFaults().Select(fault => $"{nameof(options.DataPlane)}.{fault}"));
        if (new ContextGrainOptionsValidator().Validate(null, options.Contexts) is { Failed: true } failed)
        {
            faults.AddRange(failed.Failures);
        }

        if (options.ReleaseTimeout < TimeSpan.FromMilliseconds(100) || options.ReleaseTimeout > TimeSpan.FromMinutes(1))
        {
            faults.Add($"{nameof(options.ReleaseTimeout)} is {options.ReleaseTimeout}; 100 ms to 1 min is allowed.");
        }

        if (options.AdvertisedDataPlane is null
            && (options.DataPlaneEndpoint.Address.Equals(IPAddress.Any) || options.DataPlaneEndpoint.Address.Equals(IPAddress.IPv6Any)))
        {
            faults.Add(
                $"{nameof(options.DataPlaneEndpoint)} listens on all addresses ({options.DataPlaneEndpoint}): set "
                + $"{nameof(options.AdvertisedDataPlane)} to the host and port that agents connect to.");
        }

        CheckTenants(options, faults);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckTenants(SwarmSiloOptions options, List<string> faults)
    {
        foreach (var (tenant, token) in options.Tenants)
        {
            try
            {
                Names.RequireTenant(tenant);
            }
            catch (ArgumentException exception)
            {
                faults.Add($"{nameof(options.Tenants)}: {exception.Message}");
            }

            // The value is not shown: somebody may have put the token itself there.
            if (token.Length > 0 && (token.Length != Digest256.SizeBytes * 2 || !token.All(char.IsAsciiHexDigit)))
            {
                faults.Add($"{nameof(options.Tenants)}['{tenant}'] is not the SHA-256 of a token in {Digest256.SizeBytes * 2} hexadecimal digits.");
            }

            if (token.Length == 0 && !IPAddress.IsLoopback(options.DataPlaneEndpoint.Address))
            {
                faults.Add(
                    $"{nameof(options.Tenants)}['{tenant}'] has no token, which is allowed only while listening on loopback: set it to the SHA-256 of a token.");
            }
        }
    }
}
