using System.Globalization;
using Swarm.Host.Stores;
using Swarm.Storage.Blobs;

namespace Swarm.Host.Health;

/// <summary>
/// <c>/health/live</c>: the process runs and answers. <c>/health/ready</c>: the silo is active; the store is its own and the one that it was
/// at the start, answered lately and takes writes; 503 otherwise.
/// </summary>
internal static class HealthEndpoints
{
    /// <summary>Adds both.</summary>
    /// <param name="app">The application.</param>
    public static void Map(WebApplication app)
    {
        app.Map("/health/live", live => live.Run(context => WriteAsync(context, new HealthReport("live", null, null))));
        app.Map("/health/ready", ready => ready.Run(context => WriteAsync(context, Check(context.RequestServices))));
    }

    private static HealthReport Check(IServiceProvider services)
    {
        var silo = services.GetRequiredService<ISiloStatusOracle>().CurrentStatus;
        var store = services.GetRequiredService<StoreWatch>();
        var age = store.Age;
        var owner = services.GetRequiredService<StoreOwnership>();
        var storeState = store.Replaced ?? owner.Fault ?? store.Fault
            ?? string.Create(CultureInfo.InvariantCulture, $"answered {age.TotalSeconds:0} s ago");
        var failure = store.WriteFailure;
        var isReady = silo == SiloStatus.Active
            && age <= StoreWatch.MaxAge
            && !store.IsGone
            && store.Replaced is null
            && owner.Fault is null
            && !(failure?.Duration > StoreWatch.WriteGrace);
        return new HealthReport(isReady ? "ready" : "not ready", silo.ToString(), storeState, Writes(failure));
    }

    private static string? Writes(WriteFailure? failure) => failure is null ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"failing for {failure.Duration.TotalSeconds:0} s, {failure.Faults} times; last: {failure.LastFault}");

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.StatusCode = report.Status == "not ready" ? 503 : 200;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(report, HealthJson.Default.HealthReport);
    }
}
