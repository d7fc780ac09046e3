using System.Globalization;
using Spectre.Console;
using Swarm.Tool.Verification;

namespace Swarm.Tool.Reports;

/// <summary>A verification for people.</summary>
internal static class VerifyText
{
    private const int MaxCosts = 20;

    /// <summary>Writes a report.</summary>
    public static void Write(VerifyReport report, TextWriter output)
    {
        var console = TextConsole.Create(output);
        var counts = report.Counts;
        console.WriteLine($"Store {report.Store}{(report.Identity is { } identity ? $" ({identity})" : "")}");
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Looked at {counts.Contexts} contexts with {counts.Tokens} positions, {counts.Pages} pages, {counts.Extents} KV extents, "
            + $"{counts.Segments} segments, {counts.Indexes} log indexes, {counts.Chunks} chunks, {counts.Seals} seals, {counts.Tenants} tenants, "
            + $"{counts.Models} models; {counts.KvBytes} bytes of KV read, in {report.ElapsedSeconds:f1} s."));
        foreach (var damage in report.Damage)
        {
            console.MarkupLine($"[red bold]DAMAGED[/] {Markup.Escape(damage.Object)}");
            console.WriteLine($"  {damage.Problem}");
            foreach (var cost in damage.Costs.Take(MaxCosts))
            {
                console.WriteLine($"  cost: {cost}");
            }

            if (damage.Costs.Count > MaxCosts)
            {
                console.WriteLine($"  and {damage.Costs.Count - MaxCosts} more; see --json");
            }
        }

        foreach (var orphans in report.Orphans ?? [])
        {
            console.WriteLine($"Orphans: {orphans.Objects} {orphans.Kind}, {orphans.Bytes} bytes (no damage: nothing refers to them)");
        }

        foreach (var note in report.Notes)
        {
            console.WriteLine($"Note: {note}");
        }

        console.MarkupLine(report.IsClean ? "[green]Clean.[/]" : $"[red bold]{report.Damage.Count} damaged.[/]");
    }
}
