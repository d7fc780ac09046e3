using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Swarm.Tool.Verification;

namespace Swarm.Tool.Reports;

/// <summary>Reports for programs: indented JSON, camel case, enumerations by name.</summary>
internal static class ReportJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // It goes to a file or a terminal, not into a page.
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Writes a verification.</summary>
    public static void Write(VerifyReport report, TextWriter output) =>
        output.WriteLine(JsonSerializer.Serialize(report, Options));

    /// <summary>Writes an object.</summary>
    public static void Write(JsonObject content, TextWriter output) => output.WriteLine(content.ToJsonString(Options));
}
