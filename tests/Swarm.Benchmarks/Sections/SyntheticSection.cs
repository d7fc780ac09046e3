using Swarm.Benchmarks.Paths;
using Swarm.Benchmarks.Report;

namespace Swarm.Benchmarks.Sections;

/// <summary>A section that moves synthetic KV of a model's geometry.</summary>
/// <param name="model">The model; <see langword="null"/> for Llama-3-8B.</param>
internal abstract class SyntheticSection(SyntheticModel? model = null) : ISection
{
    private const int Seed = 20261125;

    /// <inheritdoc/>
    public abstract IReadOnlyList<string> Rows { get; }

    /// <inheritdoc/>
    public async Task MeasureAsync(ReportContext report)
    {
        var positions = Positions(report.IsQuick);
        using var source = new KvMemory(Model.Geometry, positions);
        using var destination = new KvMemory(Model.Geometry, positions);
        source.Fill(Seed);
        report.Note($"{Rows[0]}: {positions} positions of {Model.Name}, {Model.Geometry.BytesPerPosition >> 10} KiB each, {source.Bytes >> 20} MiB");
        await MeasureAsync(report, source, destination);
    }

    /// <summary>Positions to move.</summary>
    protected virtual int Positions(bool isQuick) => isQuick ? 512 : 2048;

    /// <summary>Measures.</summary>
    /// <param name="report">Where rows go.</param>
    /// <param name="source">What contexts hold.</param>
    /// <param name="destination">A successor's memory.</param>
    protected abstract Task MeasureAsync(ReportContext report, KvMemory source, KvMemory destination);

    /// <summary>The model whose KV it is.</summary>
    protected SyntheticModel Model { get; } = model ?? SyntheticModel.Llama8B;

    /// <summary>Times a path that brings everything, and holds it against the source.</summary>
    protected static async Task<TimeSpan> VerifiedAsync(string path, KvMemory source, KvMemory destination, Func<Task> work)
    {
        destination.Clear();
        var time = await Comparison.TimeAsync(work);
        destination.RequireEqual(source, path);
        return time;
    }

    /// <summary>Measures appends of whole contexts against a reference; each round's context is erased before the next one.</summary>
    /// <returns>The samples, and the last context.</returns>
    protected static async Task<(Samples Samples, FilledContext Last)> MeasureAppendsAsync(
        int rounds, int positions, FilledStore filled, Func<Task<TimeSpan>> referenceAsync)
    {
        FilledContext? context = null;
        var samples = await Comparison.MeasureAsync(rounds, referenceAsync, async () =>
        {
            if (context is not null)
            {
                await filled.Store.EraseAsync(context.Open.Id, default);
                await filled.Store.CollectAsync(default); // Outside of the time: the disk is not to fill up.
            }

            context = await filled.CreateAsync(positions);
            return await Comparison.TimeAsync(() => filled.AppendAllAsync(context));
        });
        return (samples, context!);
    }
}
