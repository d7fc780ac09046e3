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
            $"Looked at {Words.Count(counts.Contexts, "context")} with {Words.Count(counts.Tokens, "position")}, {Words.Count(counts.Pages, "page")}, "
            + $"{Words.Count(counts.Extents, "KV extent")}, {Words.Count(counts.Segments, "segment")}, {Words.Count(counts.Indexes, "log index", "log indexes")}, "
            + $"{Words.Count(counts.Chunks, "chunk")}, {Words.Count(counts.Seals, "seal")}, {Words.Count(counts.Tenants, "tenant")}, "
            + $"{Words.Count(counts.Models, "model")}; {Words.Count(counts.KvBytes, "byte")} of KV read, in {report.ElapsedSeconds:f1} s."));
        foreach (var damage in report.Damage)
        {
            console.MarkupLine($"[red bold]DAMAGED[/] {Markup.Escape(damage.Object)}");
            console.WriteLine($"  {damage.Problem}");
            foreach (var cost in damage.CostTexts.Take(MaxCosts))
            {
                console.WriteLine($"  cost: {cost}");
            }

            if (damage.Costs.Count > MaxCosts)
            {
                console.WriteLine($"  and {damage.Costs.Count - MaxCosts} more; see --json");
            }

            if (damage.Remedy is { } remedy)
            {
                console.WriteLine($"  remedy: {remedy}");
            }
        }

        foreach (var orphans in report.Orphans ?? [])
        {
            console.WriteLine($"Orphans: {Words.Count(orphans.Objects, orphans.Kind.TrimEnd('s'))}, {Words.Count(orphans.Bytes, "byte")} (no damage: nothing refers to them)");
        }

        foreach (var note in report.Notes)
        {
            console.WriteLine($"Note: {note}");
        }

        console.MarkupLine(report.IsClean ? "[green]Clean.[/]" : $"[red bold]{report.Damage.Count} damaged.[/]");
    }
}
