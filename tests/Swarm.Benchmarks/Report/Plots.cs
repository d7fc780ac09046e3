using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Swarm.Benchmarks.Report;

/// <summary>Draws what the rows say, as PNG files.</summary>
internal static class Plots
{
    private const int Width = 1000;
    private const int Height = 650;

    /// <summary>Draws every picture that there are rows for.</summary>
    /// <param name="folder">Where files go; made where it is missing.</param>
    /// <param name="report">The rows and distributions.</param>
    public static void Save(DirectoryInfo folder, ReportContext report)
    {
        folder.Create();
        SaveTtft(folder, report);
        SaveSizes(folder, report);
        SaveDistributions(folder, report);
    }

    /// <summary>
    /// Where a path becomes the sooner one: straight lines between the points, both axes logarithmic.
    /// </summary>
    /// <param name="lengths">Context lengths, ascending.</param>
    /// <param name="path">Times of the path.</param>
    /// <param name="prefill">Times of re-prefill.</param>
    /// <returns>The length; <see langword="null"/> where it is sooner from the first on, or never.</returns>
    public static double? BreakEven(double[] lengths, double[] path, double[] prefill)
    {
        double Gap(int index) => Math.Log(path[index] / prefill[index]);
        for (var index = 1; index < lengths.Length; index++)
        {
            if (Gap(index - 1) > 0 && Gap(index) <= 0)
            {
                var share = Gap(index - 1) / (Gap(index - 1) - Gap(index));
                return lengths[index - 1] * Math.Pow(lengths[index] / lengths[index - 1], share);
            }
        }

        return null;
    }

    private static void SaveTtft(DirectoryInfo folder, ReportContext report)
    {
        var points = report.Rows
            .Where(row => row.Name.StartsWith("ttft.small.", StringComparison.Ordinal))
            .Select(row => (Row: row, Parts: row.Name.Split('.', 4)))
            .Select(item => (item.Row, Length: double.Parse(item.Parts[2], CultureInfo.InvariantCulture), Tier: item.Parts[3]))
            .OrderBy(item => item.Length)
            .ToLookup(item => item.Tier);
        if (points.Count == 0)
        {
            return;
        }

        var plot = NewLogPlot("Time to the first token of a successor, model small", "positions of the context", "ms");
        foreach (var tier in points)
        {
            double[] lengths = [.. tier.Select(point => point.Length)];
            double[] times = [.. tier.Select(point => point.Row.Value)];
            double[] prefill = [.. tier.Select(point => point.Row.ReferenceValue)];
            if (tier.Key == points.First().Key)
            {
                AddLine(plot, lengths, prefill, "re-prefill").LinePattern = LinePattern.Dashed;
            }

            var even = BreakEven(lengths, times, prefill);
            var words = even is { } length
                ? string.Create(CultureInfo.InvariantCulture, $"sooner from {length:0} positions on")
                : times[0] <= prefill[0] ? $"sooner from {lengths[0]:0} positions on, or fewer" : "never sooner here";
            AddLine(plot, lengths, times, $"{tier.Key}: {words}");
        }

        Save(plot, folder, "ttft.png");
    }

    private static void SaveSizes(DirectoryInfo folder, ReportContext report)
    {
        const string prefix = "sizes.memory.wire.";
        var points = report.Rows
            .Where(row => row.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(row => (Row: row, MiB: double.Parse(row.Name[prefix.Length..^3], CultureInfo.InvariantCulture)))
            .OrderBy(item => item.MiB)
            .ToArray();
        if (points.Length == 0)
        {
            return;
        }

        var plot = NewLogPlot("Rehydration over the data plane, from the silo's memory", "MiB", "GiB/s");
        AddLine(plot, [.. points.Select(point => point.MiB)], [.. points.Select(point => point.Row.ReferenceValue)], points[0].Row.Reference)
            .LinePattern = LinePattern.Dashed;
        AddLine(plot, [.. points.Select(point => point.MiB)], [.. points.Select(point => point.Row.Value)], "Swarm, verified");
        Save(plot, folder, "sizes.png");
    }

    private static void SaveDistributions(DirectoryInfo folder, ReportContext report)
    {
        foreach (var (name, series) in report.Distributions)
        {
            var plot = NewLogPlot(name, "ms", "share of all that took no longer");
            plot.Axes.Left.TickGenerator = new NumericAutomatic();
            foreach (var (label, values) in series)
            {
                double[] sorted = [.. values.Order()];
                double[] shares = [.. sorted.Select((_, index) => (index + 1.0) / sorted.Length)];
                var line = plot.Add.Scatter(sorted.Select(Math.Log10).ToArray(), shares);
                line.MarkerSize = 0;
                line.LineWidth = 2;
                line.LegendText = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{label}: p50 {Samples.Percentile(sorted, 0.5):0.00} ms, p99 {Samples.Percentile(sorted, 0.99):0.00} ms");
            }

            Save(plot, folder, $"{name}.png");
        }
    }

    private static Plot NewLogPlot(string title, string x, string y)
    {
        var plot = new Plot();
        plot.Title(title);
        plot.XLabel(x);
        plot.YLabel(y);
        plot.Axes.Bottom.TickGenerator = NewLogTicks();
        plot.Axes.Left.TickGenerator = NewLogTicks();
        plot.Grid.MinorLineWidth = 1;
        plot.Grid.MinorLineColor = Colors.Black.WithAlpha(0.06);
        plot.ShowLegend(Alignment.UpperLeft);
        return plot;
    }

    private static NumericAutomatic NewLogTicks() => new()
    {
        MinorTickGenerator = new LogMinorTickGenerator(),
        IntegerTicksOnly = true,
        LabelFormatter = static power => Math.Pow(10, power).ToString("#,0.####", CultureInfo.InvariantCulture),
    };

    private static ScottPlot.Plottables.Scatter AddLine(Plot plot, double[] xs, double[] ys, string legend)
    {
        var line = plot.Add.Scatter(xs.Select(Math.Log10).ToArray(), ys.Select(Math.Log10).ToArray());
        line.LegendText = legend;
        line.LineWidth = 2;
        return line;
    }

    private static void Save(Plot plot, DirectoryInfo folder, string file) =>
        plot.SavePng(Path.Combine(folder.FullName, file), Width, Height);
}
