using DroneHandoff.Telemetry;

namespace DroneHandoff.Tests;

/// <summary>The real recordings that the tests read, beside the test assembly.</summary>
internal static class Recordings
{
    public static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string> Sound =>
    [
        "m2zoom.SRT", "mavic_2_style.SRT", "mavic_2pro_new.SRT", "mavic_air.SRT", "mavic_mini.SRT", "mavic_pro.SRT",
        "mavic_pro_buggy.SRT", "old_format.SRT", "p4_rtk.SRT", "p4p_sample.SRT",
    ];

    public static List<TelemetryReading> Read(string name) => [.. SrtReader.ReadFile(Path.Combine(Folder, name))];
}
