using System.Globalization;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>Which seeds a run takes, as the environment says.</summary>
internal static class Seeds
{
    /// <summary>A number of the environment.</summary>
    public static int Number(string variable, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var value) ? value : fallback;
}
