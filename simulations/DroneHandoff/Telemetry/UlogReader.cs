using System.Buffers.Binary;
using System.Text;

namespace DroneHandoff.Telemetry;

/// <summary>Reads a flight from the log that a PX4 autopilot writes, a <c>.ulg</c> file in the format ULog.</summary>
/// <remarks>
/// <para>
/// Each message of one topic is a reading: of the first of <c>vehicle_global_position</c>, <c>vehicle_gps_position</c> and <c>sensor_gps</c> that the log has
/// data of, in its lowest instance. What other topics said last, in the 5 s before, is in it too. Fields are found by the formats that the log holds itself,
/// so that logs of old and new autopilots are read alike.
/// </para>
/// <para>
/// The file is read twice, first to see which topics it has; one message is held at a time. A log that was cut off is read up to there, and that is
/// noted; one that is damaged before its end is refused.
/// </para>
/// </remarks>
internal sealed class UlogReader
{
    private const string Extension = ".ulg";
    private const int MaxFormats = 4096;
    private const int MaxNamedTopics = 8;
    private const int SubscriptionHeaderBytes = 3;
    private const double MicrosecondsPerHour = 3.6e9;
    private static readonly TimeSpan _freshness = TimeSpan.FromSeconds(5);
    private static readonly string[] _positions = ["vehicle_global_position", "vehicle_gps_position", "sensor_gps"];
    private static readonly string[] _others = ["vehicle_local_position", "vehicle_attitude", "battery_status"];

    private readonly UlogMessageReader _messages;
    private readonly (string Topic, int Instance) _source;
    private readonly Dictionary<string, string> _formats = new(StringComparer.Ordinal);
    private readonly Dictionary<ushort, (string Topic, int Instance, UlogLayout Layout)> _subscriptions = [];
    private readonly Dictionary<string, (UlogLayout Layout, byte[] Data, TimeSpan At)> _latest = new(StringComparer.Ordinal);
    private double _first;
    private double _newest;
    private TimeSpan _elapsed;
    private long _readings;

    private UlogReader(Stream stream, string file, (string, int) source)
    {
        _messages = new UlogMessageReader(stream, file);
        _source = source;
    }

    private long Dropouts { get; set; }

    private long Backwards { get; set; }

    /// <summary>Whether a file is meant to be one.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>Whether it ends in <c>.ulg</c>.</returns>
    public static bool Is(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a file, reading by reading, as the caller asks for them.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="notes">Learns, while enumerating, what the log lacks.</param>
    /// <returns>Readings in the order of the file; at least one, or the enumeration throws.</returns>
    /// <exception cref="TelemetryFormatException">While enumerating: the file is no log, damaged, or has no positions.</exception>
    /// <exception cref="IOException">While enumerating: the file cannot be read.</exception>
    public static IEnumerable<TelemetryReading> ReadFile(string path, RecordingNotes notes)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        foreach (var reading in Read(stream, Path.GetFileName(path), notes))
        {
            yield return reading;
        }
    }

    /// <summary>Reads a stream, reading by reading, as the caller asks for them.</summary>
    /// <param name="stream">The log, at its start; not disposed. It can seek.</param>
    /// <param name="file">Its name in messages.</param>
    /// <param name="notes">Learns, while enumerating, what the log lacks.</param>
    /// <returns>Readings in the order of the log; at least one, or the enumeration throws.</returns>
    /// <exception cref="TelemetryFormatException">While enumerating: the log is none, damaged, or has no positions.</exception>
    public static IEnumerable<TelemetryReading> Read(Stream stream, string file, RecordingNotes notes)
    {
        var source = FindSource(stream, file);
        stream.Seek(0, SeekOrigin.Begin);
        var reader = new UlogReader(stream, file, source);
        while (reader.TryRead(out var reading))
        {
            yield return reading;
        }

        if (reader._messages.IsCut)
        {
            notes.Add($"{file} was cut off in its last message, at byte {reader._messages.Offset}; the {reader._readings} readings before it are used.");
        }

        if (reader.Dropouts > 0)
        {
            notes.Add($"{file}: the logger could not keep up {reader.Dropouts} times, and readings may be missing there.");
        }

        if (reader.Backwards > 0)
        {
            notes.Add($"{file}: {reader.Backwards} positions are older than the one before them, and left out.");
        }
    }

    private static (string Topic, int Instance) FindSource(Stream stream, string file)
    {
        var scan = new UlogReader(stream, file, default);
        var topics = new SortedSet<string>(StringComparer.Ordinal);
        var found = new SortedSet<(int Preference, int Instance)>();
        while (scan._messages.TryRead(out var kind, out var content))
        {
            scan.Learn(kind, content, topics);
            if (kind == 'D' && scan.TryFindTopic(content, out var subscription) && Array.IndexOf(_positions, subscription.Topic) is >= 0 and var preference)
            {
                found.Add((preference, subscription.Instance));
            }
        }

        return found.Count > 0
            ? (_positions[found.Min.Preference], found.Min.Instance)
            : throw scan._messages.Fault(
                $"data of {string.Join(", ", _positions)}",
                topics.Count == 0 ? "a log without any topic" : $"data of {string.Join(", ", topics.Take(MaxNamedTopics))} and no position");
    }

    private bool TryRead(out TelemetryReading reading)
    {
        while (_messages.TryRead(out var kind, out var content))
        {
            Learn(kind, content, null);
            if (kind == 'O')
            {
                Dropouts++;
            }
            else if (kind == 'D' && TryFindTopic(content, out var subscription))
            {
                var data = content[sizeof(ushort)..];
                if ((subscription.Topic, subscription.Instance) == _source)
                {
                    if (TryAdvance(subscription.Layout, data))
                    {
                        reading = CreateReading(subscription.Layout, data);
                        _readings++;
                        return true;
                    }
                }
                else if (subscription.Instance == 0 && _others.Contains(subscription.Topic))
                {
                    _latest[subscription.Topic] = (subscription.Layout, data.ToArray(), _elapsed);
                }
            }
        }

        reading = default;
        return false;
    }

    // Formats, and which topic has which number.
    private void Learn(char kind, ReadOnlySpan<byte> content, SortedSet<string>? topics)
    {
        if (kind == 'F')
        {
            var text = Encoding.ASCII.GetString(content);
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || _formats.Count >= MaxFormats)
            {
                throw _messages.Fault($"a format as 'name:type field;', at most {MaxFormats} of them", TelemetryFormatException.Quote(text));
            }

            _formats[text[..colon]] = text[(colon + 1)..];
        }
        else if (kind == 'A')
        {
            if (content.Length <= SubscriptionHeaderBytes)
            {
                throw _messages.Fault("a topic's number and name", $"{content.Length} bytes");
            }

            var topic = Encoding.ASCII.GetString(content[SubscriptionHeaderBytes..]);
            _ = topics?.Count < MaxNamedTopics && topics.Add(TelemetryFormatException.Quote(topic));
            var id = BinaryPrimitives.ReadUInt16LittleEndian(content[1..]);
            _subscriptions.Remove(id);
            if (_positions.Contains(topic) || _others.Contains(topic))
            {
                _subscriptions[id] = UlogLayout.TryCreate(topic, _formats, out var layout, out var fault)
                    ? (topic, content[0], layout)
                    : throw _messages.Fault($"the format of '{topic}'", fault);
            }
        }
    }

    private bool TryFindTopic(ReadOnlySpan<byte> content, out (string Topic, int Instance, UlogLayout Layout) subscription)
    {
        if (content.Length < sizeof(ushort))
        {
            throw _messages.Fault("data with its topic's number", $"{content.Length} bytes");
        }

        return _subscriptions.TryGetValue(BinaryPrimitives.ReadUInt16LittleEndian(content), out subscription);
    }

    private bool TryAdvance(UlogLayout layout, ReadOnlySpan<byte> data)
    {
        var time = Require(layout, data, "timestamp");
        _first = _readings == 0 ? time : _first;
        _newest = _readings == 0 ? time : _newest;
        if (time - _newest > MicrosecondsPerHour)
        {
            throw _messages.Fault("a timestamp within an hour of the one before", $"{(time - _newest) / MicrosecondsPerHour:0.#} hours");
        }

        if (time < _newest)
        {
            Backwards++;
            return false;
        }

        _newest = time;
        _elapsed = TimeSpan.FromMicroseconds(time - _first);
        return true;
    }

    private TelemetryReading CreateReading(UlogLayout layout, ReadOnlySpan<byte> data)
    {
        var isEstimate = _source.Topic == _positions[0];
        var fix = isEstimate ? 3 : Require(layout, data, "fix_type");
        var (latitude, longitude, height) = ReadPlace(layout, data);
        var hasFix = fix >= 2 && double.IsFinite(latitude) && double.IsFinite(longitude) && (latitude, longitude) != (0, 0);
        if (hasFix && (Math.Abs(latitude) > 90 || Math.Abs(longitude) > 180))
        {
            throw _messages.Fault("a latitude up to 90 and a longitude up to 180 degrees", $"{latitude}, {longitude}");
        }

        var (ground, climb) = isEstimate ? ReadSpeed("vehicle_local_position", "v_xy_valid", "vx", "vy", "vz")
            : (layout.Read(data, "vel_ned_valid") ?? 0) > 0 ? Speed(layout, data, "vel_n_m_s", "vel_e_m_s", "vel_d_m_s")
            : (Finite(layout.Read(data, "vel_m_s")), null);
        var attitude = ReadAttitude();
        var battery = Latest("battery_status");
        var remaining = Finite(battery?.Layout.Read(battery.Value.Data, "remaining"));
        return new TelemetryReading(
            _readings,
            _elapsed,
            hasFix ? new GeoPosition(latitude, longitude) : null,
            hasFix && fix >= 3 ? Finite(height) : null,
            hasFix ? ground : null,
            hasFix ? climb : null)
        {
            HomeHeightMetres = hasFix ? ReadHomeHeight() : null,
            HeadingDegrees = attitude is { } known ? ((known.YawRadians * 180 / Math.PI) + 360) % 360 : null,
            Attitude = attitude,
            BatteryPercent = remaining is >= 0 and <= 1 ? (int)Math.Round(remaining.Value * 100) : null,
            BatteryVolts = Finite(battery?.Layout.Read(battery.Value.Data, "voltage_v")) is > 0 and var volts ? volts : null,
        };
    }

    // Degrees and metres, or 1e-7 degrees and millimetres as int32.
    private (double Latitude, double Longitude, double? Height) ReadPlace(UlogLayout layout, ReadOnlySpan<byte> data)
    {
        if (_source.Topic == _positions[0])
        {
            return (Require(layout, data, "lat"), Require(layout, data, "lon"), layout.Read(data, "alt"));
        }

        return layout.Read(data, "latitude_deg") is { } latitude
            ? (latitude, Require(layout, data, "longitude_deg"), layout.Read(data, "altitude_msl_m"))
            : (Require(layout, data, "lat") / 1e7, Require(layout, data, "lon") / 1e7, layout.Read(data, "alt") / 1e3);
    }

    private (double? Ground, double? Climb) ReadSpeed(string topic, string isValid, string north, string east, string down) =>
        Latest(topic) is { } latest && latest.Layout.Read(latest.Data, isValid) > 0
            ? Speed(latest.Layout, latest.Data, north, east, down)
            : (null, null);

    private static (double? Ground, double? Climb) Speed(UlogLayout layout, ReadOnlySpan<byte> data, string north, string east, string down)
    {
        var (n, e) = (layout.Read(data, north), layout.Read(data, east));
        return (Finite(Math.Sqrt(((n * n) + (e * e)) ?? double.NaN)), Finite(-layout.Read(data, down)));
    }

    private double? ReadHomeHeight() =>
        Latest("vehicle_local_position") is { } latest && latest.Layout.Read(latest.Data, "z_valid") > 0
            ? Finite(-latest.Layout.Read(latest.Data, "z"))
            : null;

    // Of a quaternion w, x, y, z: from the vehicle's axes to north, east and down.
    private VehicleAttitude? ReadAttitude()
    {
        if (Latest("vehicle_attitude") is not { } latest)
        {
            return null;
        }

        var (w, x) = (latest.Layout.Read(latest.Data, "q"), latest.Layout.Read(latest.Data, "q", 1));
        var (y, z) = (latest.Layout.Read(latest.Data, "q", 2), latest.Layout.Read(latest.Data, "q", 3));
        if (Finite((w * w) + (x * x) + (y * y) + (z * z)) is not (> 0.5 and < 2))
        {
            return null; // Not one that turns.
        }

        var (a, b, c, d) = (w!.Value, x!.Value, y!.Value, z!.Value);
        return new VehicleAttitude(
            Math.Atan2(2 * ((a * b) + (c * d)), 1 - (2 * ((b * b) + (c * c)))),
            Math.Asin(Math.Clamp(2 * ((a * c) - (d * b)), -1, 1)),
            Math.Atan2(2 * ((a * d) + (b * c)), 1 - (2 * ((c * c) + (d * d)))));
    }

    private (UlogLayout Layout, byte[] Data)? Latest(string topic) =>
        _latest.TryGetValue(topic, out var latest) && _elapsed - latest.At <= _freshness ? (latest.Layout, latest.Data) : null;

    private double Require(UlogLayout layout, ReadOnlySpan<byte> data, string field) =>
        layout.Read(data, field) ?? throw _messages.Fault($"'{_source.Topic}' with the field '{field}'", $"{data.Length} bytes of data without it");

    private static double? Finite(double? value) => value is { } known && double.IsFinite(known) ? known : null;
}
