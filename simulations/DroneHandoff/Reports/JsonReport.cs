using System.Text.Encodings.Web;
using System.Text.Json;
using DroneHandoff.Options;
using DroneHandoff.Outcome;

namespace DroneHandoff.Reports;

/// <summary>The report for machines. Its fields are a contract with whoever reads it.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Renders a run.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="result">What was found out.</param>
    /// <returns>The JSON text.</returns>
    public static string Render(DemoOptions options, HandoffResult result) => JsonSerializer.Serialize(
        new
        {
            options.Seed,
            Store = options.Store.ToString(),
            Sensor = new
            {
                Source = options.Sensor.Name,
                result.Rehydrated.Readings,
                options.Sensor.Warnings,
                result.Mavlink,
            },
            Model = new
            {
                Name = result.Model.ModelName,
                result.Model.Parameters,
                result.Model.Fingerprint,
                result.Model.KvBytesPerPosition,
                result.Model.Numerics,
            },
            Handoff = new
            {
                Kind = options.Handoff.ToString().ToLowerInvariant(),
                result.Left.Positions,
                result.Rehydrated.DurableTokens,
                result.Rehydrated.DurableKv,
                result.EpochBefore,
                EpochAfter = result.StoodBy.Epoch,
            },
            Strategies = result.Successors.Select(successor => new
            {
                Name = successor.Strategy,
                successor.Positions,
                successor.Held,
                successor.Loaded,
                successor.Recomputed,
                successor.Bytes,
                successor.Tier,
                successor.TimeToFirstTokenMs,
                successor.Continued.LogitsSha256,
                BitIdentical = result.IsBitIdentical(successor),
                successor.Followed,
            }),
            Fencing = new { StaleAppendRefused = result.StaleAppend.IsRefused },
        },
        _options);
}
