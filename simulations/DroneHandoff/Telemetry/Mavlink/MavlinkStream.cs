namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>Makes readings of the datagrams that one drone sends, and counts all that is something else.</summary>
/// <remarks>
/// <para>
/// One drone is followed: the system and component of the first heartbeat of an autopilot. Each of its <c>GLOBAL_POSITION_INT</c>s is a reading; what its
/// other messages said last is in it too, for <see cref="Freshness"/> of the drone's time. Batteries may be components of their own.
/// A packet that is repeated or comes late makes no reading.
/// </para>
/// <para>
/// A reading's time is the autopilot's clock. Where that goes back, since the autopilot was started again, time goes on from the reading before; so
/// it does where the clock jumps by more than <see cref="MaxStep"/>.
/// </para>
/// <para>Allocates nothing for a packet. For one thread at a time.</para>
/// </remarks>
/// <param name="system">The system to follow, or <see langword="null"/> for the first one.</param>
/// <param name="onReading">Gets each reading, in order, while its datagram is read.</param>
internal sealed class MavlinkStream(byte? system, Action<TelemetryReading> onReading)
{
    /// <summary>How long what a message said is believed, in the drone's time.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    /// <summary>The longest time between two readings; a clock that says more was set, and time stands still for that reading.</summary>
    public static readonly TimeSpan MaxStep = TimeSpan.FromHours(1);

    private readonly SequenceTracker?[] _trackers = new SequenceTracker?[256];
    private MavlinkCounts _counts;
    private uint _bootMilliseconds;
    private TimeSpan _elapsed;
    private (AttitudePayload Value, TimeSpan At)? _attitude;
    private (HudPayload Value, TimeSpan At)? _hud;
    private (BatteryPayload Value, TimeSpan At)? _battery;

    /// <summary>What was received so far; <see cref="MavlinkCounts.Dropped"/> is for whoever hands the readings on.</summary>
    public MavlinkCounts Counts => _counts;

    /// <summary>Who is followed; <see langword="null"/> before the first heartbeat.</summary>
    public (byte System, byte Component)? Followed { get; private set; }

    /// <summary>Reads a datagram. No content of it throws.</summary>
    /// <param name="datagram">Its bytes.</param>
    public void Accept(ReadOnlySpan<byte> datagram)
    {
        _counts.Datagrams++;
        _counts.Bytes += datagram.Length;
        var reader = new MavlinkFrameReader(datagram);
        while (reader.TryRead(out var frame))
        {
            switch (frame.Kind)
            {
                case MavlinkFrameKind.Packet:
                    _counts.Packets++;
                    _counts.Version1 += frame.IsVersion1 ? 1 : 0;
                    _counts.Signed += frame.IsSigned ? 1 : 0;
                    AcceptPacket(frame);
                    break;
                case MavlinkFrameKind.UnknownMessage:
                    _counts.UnknownMessages++;
                    if (frame.System == Followed?.System)
                    {
                        Count(frame, isVerified: false);
                    }

                    break;
                case MavlinkFrameKind.BadChecksum:
                    _counts.BadChecksums++;
                    break;
                case MavlinkFrameKind.Incompatible:
                    _counts.Incompatible++;
                    break;
                case MavlinkFrameKind.ShortPayload:
                    _counts.ShortPayloads++;
                    break;
                case MavlinkFrameKind.Cut:
                    _counts.Cut++;
                    break;
                default:
                    _counts.ForeignBytes += frame.Bytes.Length;
                    break;
            }
        }
    }

    private void AcceptPacket(in MavlinkFrame frame)
    {
        Span<byte> payload = stackalloc byte[MavlinkDefinition.MaxLength]; // Zeros at its end are not sent.
        payload.Clear();
        frame.Payload[..Math.Min(frame.Payload.Length, payload.Length)].CopyTo(payload);
        if (frame.MessageId == MavlinkDefinition.HeartbeatId
            && Followed is null
            && frame.System == (system ?? frame.System)
            && HeartbeatPayload.Read(payload).IsAutopilot)
        {
            Followed = (frame.System, frame.Component);
        }

        CountMessage(frame.MessageId);
        if (Followed is not { } followed)
        {
            _counts.BeforeHeartbeat++;
        }
        else if (frame.System != followed.System)
        {
            _counts.ForeignSystems++;
        }
        else if (Count(frame, isVerified: true) is not (SequenceOutcome.New or SequenceOutcome.Restarted))
        {
            // Repeated or late: it says nothing new.
        }
        else if (frame.MessageId == MavlinkDefinition.BatteryId)
        {
            var battery = BatteryPayload.Read(payload);
            _battery = battery.Id == 0 ? (battery, _elapsed) : _battery;
        }
        else if (frame.Component != followed.Component)
        {
            _counts.OtherComponents++;
        }
        else
        {
            AcceptFlight(frame.MessageId, payload);
        }
    }

    private void CountMessage(int id)
    {
        switch (id)
        {
            case MavlinkDefinition.HeartbeatId:
                _counts.Heartbeats++;
                break;
            case MavlinkDefinition.PositionId:
                _counts.Positions++;
                break;
            case MavlinkDefinition.AttitudeId:
                _counts.Attitudes++;
                break;
            case MavlinkDefinition.HudId:
                _counts.Huds++;
                break;
            default:
                _counts.Batteries++;
                break;
        }
    }

    private SequenceOutcome Count(in MavlinkFrame frame, bool isVerified)
    {
        var tracker = _trackers[frame.Component] ??= new SequenceTracker();
        var lost = tracker.Lost;
        var outcome = isVerified
            ? tracker.Observe(frame.Sequence, frame.Checksum)
            : tracker.ObserveUnverified(frame.Sequence, frame.Checksum);
        _counts.Lost += tracker.Lost - lost;
        _counts.Repeated += outcome == SequenceOutcome.Repeated ? 1 : 0;
        _counts.Late += outcome == SequenceOutcome.Late ? 1 : 0;
        _counts.Restarts += outcome == SequenceOutcome.Restarted ? 1 : 0;
        return outcome;
    }

    private void AcceptFlight(int id, ReadOnlySpan<byte> payload)
    {
        switch (id)
        {
            case MavlinkDefinition.AttitudeId:
                _attitude = (AttitudePayload.Read(payload), _elapsed);
                break;
            case MavlinkDefinition.HudId:
                _hud = (HudPayload.Read(payload), _elapsed);
                break;
            case MavlinkDefinition.PositionId:
                AcceptPosition(PositionPayload.Read(payload));
                break;
            default:
                break; // A heartbeat says no more than that it is there.
        }
    }

    private void AcceptPosition(in PositionPayload position)
    {
        if (!position.IsOnEarth)
        {
            _counts.OffEarth++;
            return;
        }

        // The clock begins again after 49.7 days: the difference is right all the same.
        var step = TimeSpan.FromMilliseconds(unchecked(position.BootMilliseconds - _bootMilliseconds));
        _elapsed += _counts.Readings == 0 || step > MaxStep ? TimeSpan.Zero : step;
        _bootMilliseconds = position.BootMilliseconds;

        var hasFix = position.HasFix;
        HudPayload? hud = IsFresh(_hud?.At) ? _hud!.Value.Value : null;
        BatteryPayload? battery = IsFresh(_battery?.At) ? _battery!.Value.Value : null;
        var reading = new TelemetryReading(
            _counts.Readings,
            _elapsed,
            hasFix ? position.Place : null,
            hasFix ? position.Altitude / 1000.0 : null,
            hasFix ? position.GroundSpeed ?? hud?.KnownGroundSpeed : null,
            hasFix ? position.Climb ?? hud?.KnownClimb : null)
        {
            HomeHeightMetres = hasFix ? position.HomeAltitude / 1000.0 : null,
            HeadingDegrees = position.HeadingDegrees ?? hud?.HeadingDegrees,
            AirSpeed = hud?.KnownAirSpeed,
            Attitude = IsFresh(_attitude?.At) ? _attitude!.Value.Value.Value : null,
            BatteryPercent = battery?.KnownPercent,
            BatteryVolts = battery?.Volts,
        };
        _counts.Readings++;
        _counts.WithoutFix += hasFix ? 0 : 1;
        onReading(reading);
    }

    private bool IsFresh(TimeSpan? at) => at is { } time && _elapsed - time <= Freshness;
}
