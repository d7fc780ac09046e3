using DroneHandoff.Messages;
using DroneHandoff.Options;
using DroneHandoff.Outcome;
using DroneHandoff.Telemetry;
using Spectre.Console;

namespace DroneHandoff.Reports;

/// <summary>The report for people.</summary>
internal static class TableReport
{
    private const double BytesPerMiB = 1 << 20;

    /// <summary>Writes a run.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="result">What was found out.</param>
    /// <param name="promises">What had to hold.</param>
    public static void Write(
        IAnsiConsole console, DemoOptions options, HandoffResult result, IReadOnlyList<Promise> promises)
    {
        console.WriteLine();
        console.Write(CreateTable(options, result));
        console.WriteLine("1st ms: from the start of the take-over to the logits behind the next reading.");
        console.WriteLine("64 logits: whether the next 64 tokens' logits are the twin's, bit for bit.");
        console.WriteLine("Standby and rehydrate promise that. 'differ' is no failure of the others: re-");
        console.WriteLine("prefill takes inputs in longer steps, which round differently; cold has none.");
        console.MarkupLineInterpolated($"Numerics identity, on which the bits depend: {result.Model.Numerics}");
        var reference = result.Successors.Single(one => one.Strategy == Strategies.RePrefill);
        console.MarkupLineInterpolated(
            $"Rehydration reached its first token [bold]{Compare(result.Rehydrated, reference)}[/] than re-prefill.");
        WriteStandby(console, result);
        WriteStreaming(console, result);
        if (result.Mavlink is { } mavlink)
        {
            console.MarkupLineInterpolated($"{options.Sensor.Name}, system {mavlink.System}: {mavlink.Counts.Describe()}; {Describe(mavlink.Last)}.");
        }

        console.WriteLine();
        foreach (var promise in promises)
        {
            var mark = promise.IsKept ? "[green]held  [/]" : "[red bold]BROKEN[/]";
            console.MarkupLine($"{mark} {Markup.Escape(promise.Text)}");
        }
    }

    private static Table CreateTable(DemoOptions options, HandoffResult result)
    {
        var title = $"{result.Model.ModelName}, {options.Store} store, {options.Handoff.ToString().ToLowerInvariant()} "
            + $"handoff at {result.Left.Positions:N0} positions";
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(Markup.Escape(title)) };
        table.AddColumn("drone B");
        foreach (var name in (string[])["positions", "held", "loaded", "computed", "MiB"])
        {
            table.AddColumn(new TableColumn(name) { Alignment = Justify.Right });
        }

        table.AddColumn("tier");
        table.AddColumn(new TableColumn("1st ms") { Alignment = Justify.Right });
        table.AddColumn("64 logits");
        foreach (var column in table.Columns)
        {
            column.NoWrap().PadLeft(0).PadRight(column.Alignment == Justify.Right ? 0 : 1); // 80 characters with all columns.
        }

        foreach (var successor in result.Successors)
        {
            table.AddRow(
                successor.Strategy,
                $"{successor.Positions:N0}",
                $"{successor.Held:N0}",
                $"{successor.Loaded:N0}",
                $"{successor.Recomputed:N0}",
                $"{successor.Bytes / BytesPerMiB:N1}",
                successor.Tier,
                $"{successor.TimeToFirstTokenMs:N1}",
                result.IsBitIdentical(successor) ? "[green]identical[/]" : "differ");
        }

        return table;
    }

    private static void WriteStandby(IAnsiConsole console, HandoffResult result)
    {
        var standby = result.StoodBy;
        if (standby.Followed is { } followed)
        {
            console.MarkupLineInterpolated(
                $"The standby held {standby.Held:N0} positions, and reached its first token [bold]{Compare(standby, result.Rehydrated)}[/] than rehydration. When it was told to take over, it lagged behind what was durable by {followed.Lag:N0} inputs and {followed.KvLag:N0} positions' KV, for {followed.LagMs:N1} ms, and had connected anew {followed.Reconnects} times.");
        }
    }

    private static void WriteStreaming(IAnsiConsole console, HandoffResult result)
    {
        var bytes = result.Rehydrated.DurableKv * result.Model.KvBytesPerPosition;
        console.MarkupLineInterpolated(
            $"Streaming {bytes / BytesPerMiB:N1} MiB of KV made a step {result.Steps.Ratio:0.00} times as long: the median of the turns, each compared with the twin's right after it. Over all steps the medians are {result.Steps.AloneMs:0.00} ms alone and {result.Steps.WithSwarmMs:0.00} ms with Swarm.");
    }

    private static string Describe(TelemetryReading? last) => last is { } reading
        ? $"at the end battery {Or(reading.BatteryPercent)} % and {Or(reading.BatteryVolts)} V, heading {Or(reading.HeadingDegrees)}°"
        : "no reading";

    private static string Or(double? value) => value is { } known ? $"{known:0.##}" : "unknown";

    private static string Compare(TookOverEvent one, TookOverEvent other) =>
        one.TimeToFirstTokenMs <= other.TimeToFirstTokenMs
            ? $"{other.TimeToFirstTokenMs / one.TimeToFirstTokenMs:0.0} times sooner"
            : $"{one.TimeToFirstTokenMs / other.TimeToFirstTokenMs:0.0} times later";
}
