using System.Text.Json;
using DroneHandoff.Options;
using DroneHandoff.Reports;
using DroneHandoff.Telemetry;
using DroneHandoff.Telemetry.Mavlink;

namespace DroneHandoff.Tests.Reports;

/// <summary>The report's fields are a contract: exactly these, in these places.</summary>
public sealed class JsonReportTests
{
    private readonly DemoOptions _options = new(
        new DemoStore(StoreKind.Azure, "AccountName=a;AccountKey=hidden"),
        HandoffKind.Planned,
        false,
        4096,
        "tiny",
        new RecordedSensor("p4_rtk.SRT", new Flight("p4_rtk.SRT", Recordings.Read("p4_rtk.SRT"))),
        "",
        42);

    [Fact]
    public void Render_Result_HasExactlyTheFields()
    {
        using var json = JsonDocument.Parse(JsonReport.Render(_options, Results.Planned));
        var root = json.RootElement;

        AssertFields(root, "seed", "store", "sensor", "model", "handoff", "strategies", "fencing");
        AssertFields(root.GetProperty("sensor"), "source", "readings", "warnings", "mavlink");
        AssertFields(root.GetProperty("model"), "name", "parameters", "fingerprint", "kvBytesPerPosition", "numerics");
        AssertFields(
            root.GetProperty("handoff"), "kind", "positions", "durableTokens", "durableKv", "epochBefore", "epochAfter");
        AssertFields(root.GetProperty("fencing"), "staleAppendRefused");
        var strategies = root.GetProperty("strategies").EnumerateArray().ToArray();
        Assert.Equal(["standby", "rehydrate", "re-prefill", "cold"], strategies.Select(one => one.GetProperty("name").GetString()));
        Assert.All(strategies, one => AssertFields(
            one,
            "name", "positions", "held", "loaded", "recomputed", "bytes", "tier", "timeToFirstTokenMs", "logitsSha256",
            "bitIdentical", "followed"));
        AssertFields(strategies[0].GetProperty("followed"), "lag", "kvLag", "lagMs", "recomputed", "reconnects");
        Assert.All(strategies.Skip(1), one => Assert.Equal(JsonValueKind.Null, one.GetProperty("followed").ValueKind));
    }

    [Fact]
    public void Render_Result_HasItsValues()
    {
        var text = JsonReport.Render(_options, Results.Planned);
        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;

        Assert.DoesNotContain("hidden", text, StringComparison.Ordinal);
        Assert.Equal("azure", root.GetProperty("store").GetString());
        Assert.Equal("planned", root.GetProperty("handoff").GetProperty("kind").GetString());
        Assert.Equal(683, root.GetProperty("sensor").GetProperty("readings").GetInt64());
        Assert.Equal(
            [true, true, false, false],
            root.GetProperty("strategies").EnumerateArray().Select(one => one.GetProperty("bitIdentical").GetBoolean()));
        Assert.Equal(4096, root.GetProperty("strategies")[0].GetProperty("held").GetInt64());
        Assert.Equal(2, root.GetProperty("strategies")[0].GetProperty("followed").GetProperty("lag").GetInt64());
        Assert.True(root.GetProperty("fencing").GetProperty("staleAppendRefused").GetBoolean());
    }

    [Fact]
    public void Render_LiveSensor_HasWhatWasReceived()
    {
        Assert.True(MavlinkEndpoint.TryParse("udp://127.0.0.1:14550", out var endpoint, out _));
        var last = new TelemetryReading(6, TimeSpan.FromSeconds(1), new GeoPosition(47, 8), 488, 3, 0) { BatteryPercent = 71 };
        var counts = new MavlinkCounts { Datagrams = 9, Packets = 10, Lost = 2, Readings = 7 };

        using var json = JsonDocument.Parse(JsonReport.Render(
            _options with { Sensor = new LiveSensor(endpoint) }, Results.Planned with { Mavlink = new MavlinkReport(1, 1, counts, last) }));

        var sensor = json.RootElement.GetProperty("sensor");
        Assert.Equal("udp://127.0.0.1:14550", sensor.GetProperty("source").GetString());
        var mavlink = sensor.GetProperty("mavlink");
        AssertFields(mavlink, "system", "component", "counts", "last");
        Assert.Equal(2, mavlink.GetProperty("counts").GetProperty("lost").GetInt64());
        Assert.Equal(71, mavlink.GetProperty("last").GetProperty("batteryPercent").GetInt32());
    }

    private static void AssertFields(JsonElement element, params string[] names) =>
        Assert.Equal(names, element.EnumerateObject().Select(property => property.Name));
}
