using System.Text.Encodings.Web;
using System.Text.Json;
using Swarm.Silo.Health;

namespace Swarm.Host.Health;

/// <summary>
/// <c>/health/live</c>: the process runs and answers. <c>/health/ready</c>: the silo is active; the store is its own and the one that it was
/// at the start, answered lately and takes writes; 503 otherwise.
/// </summary>
internal static class HealthEndpoints
{
    // Quotation marks as they are: what is sent is JSON by its content type, and no part of a page.
    private static readonly HealthJson Json =
        new(new JsonSerializerOptions(HealthJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Adds both.</summary>
    /// <param name="app">The application.</param>
    public static void Map(WebApplication app)
    {
        app.Map("/health/live", live => live.Run(context => WriteAsync(context, new HealthReport("live", null, null))));
        app.Map("/health/ready", ready => ready.Run(context => WriteAsync(context, Check(context.RequestServices))));
    }

    private static HealthReport Check(IServiceProvider services)
    {
        var state = services.GetRequiredService<SiloHealth>().Check();
        return new HealthReport(state.IsReady ? "ready" : "not ready", state.Silo.ToString(), state.Store, state.Writes);
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.StatusCode = report.Status == "not ready" ? 503 : 200;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(report, Json.HealthReport);
    }
}
