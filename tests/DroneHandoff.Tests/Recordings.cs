using DroneHandoff.Telemetry;

namespace DroneHandoff.Tests;

/// <summary>The real recordings that the tests read, beside the test assembly.</summary>
internal static class Recordings
{
    public static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string> Sound =>
    [
        "m2zoom.SRT", "mavic_2_style.SRT", "mavic_2pro_new.SRT", "mavic_air.SRT", "mavic_mini.SRT", "mavic_pro.SRT",
        "mavic_pro_buggy.SRT", "old_format.SRT", "p4_rtk.SRT", "p4p_sample.SRT", "matrice_300.SRT", "mavic_air2.SRT",
    ];

    public static List<TelemetryReading> Read(string name) => Read(name, out _);

    public static List<TelemetryReading> Read(string name, out IReadOnlyList<string> warnings)
    {
        var notes = new RecordingNotes(name);
        List<TelemetryReading> readings = [.. SrtReader.ReadFile(Path.Combine(Folder, name), notes)];
        warnings = notes.Warnings;
        return readings;
    }

    public static List<TelemetryReading> Parse(string text) => Parse(text, out _);

    public static List<TelemetryReading> Parse(string text, out IReadOnlyList<string> warnings)
    {
        var notes = new RecordingNotes("test");
        List<TelemetryReading> readings = [.. SrtReader.Read(new StringReader(text), "test", notes)];
        warnings = notes.Warnings;
        return readings;
    }

    public static string Block(int number, string measurements) =>
        $"{number}\n00:00:{number:00},000 --> 00:00:{number + 1:00},000\n{measurements}\n\n";
}
