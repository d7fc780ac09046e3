using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Hosting;
using Swarm.Storage.State;

namespace Swarm.Storage.Reading;

/// <summary>Reads the durable state of one open context. Runs on the store's loop.</summary>
internal sealed class IncarnationReader(ContextIncarnation context, ContextServices services)
{
    /// <summary>Inputs of a range, cut to it and at the watermark.</summary>
    /// <exception cref="SwarmRefusedException">A page is damaged, or the store cannot be reached.</exception>
    public Task<IReadOnlyList<InputRun>> ReadInputsAsync(long firstPosition, long count)
    {
        var inputs = context.Durable.Inputs;
        if (firstPosition >= inputs.TailStart && firstPosition < inputs.Length)
        {
            var run = Cut(inputs.TailFrom(firstPosition), firstPosition, Math.Min(firstPosition + count, inputs.Length)); // What followers read.
            return Task.FromResult<IReadOnlyList<InputRun>>(run.Tokens.IsEmpty ? [] : [run]);
        }

        return AgainIfMovedAsync<InputRun>(() => inputs.Version, async () =>
        {
            var end = Math.Min(firstPosition + count, inputs.Length);
            var tail = inputs.TailRuns().Where(run => run.FirstPosition >= inputs.TailStart).ToArray();
            var runs = new List<InputRun>();
            foreach (var page in inputs.SealedPages.Where(page => page.EndPosition > firstPosition).ToArray())
            {
                if (page.FirstPosition < end)
                {
                    var (_, content) = await services.Pages.ReadInputsAsync(context.Id, page);
                    runs.AddRange(content.Where(run => run.FirstPosition >= page.FirstPosition));
                }
            }

            runs.AddRange(tail);
            return [.. runs.Select(run => Cut(run, firstPosition, end)).Where(run => !run.Tokens.IsEmpty)];
        });
    }

    /// <summary>Extents that hold KV of a range, in order, without holes.</summary>
    /// <exception cref="SwarmRefusedException">A page is damaged, or the store cannot be reached.</exception>
    public Task<IReadOnlyList<KvExtent>> PlanAsync(long firstPosition, long count)
    {
        var extents = context.Durable.Extents;
        if (firstPosition >= extents.TailStart)
        {
            return Task.FromResult(extents.TailFrom(firstPosition, firstPosition + count)); // What followers read.
        }

        return AgainIfMovedAsync<KvExtent>(() => extents.Version, async () =>
        {
            var end = Math.Min(firstPosition + count, extents.Length);
            var tail = extents.Tail.ToArray();
            var version = extents.Version;
            var plan = new List<KvExtent>();
            foreach (var page in extents.SealedPages.ToArray())
            {
                if (page.EndPosition > firstPosition && page.FirstPosition < end)
                {
                    var content = await PageLoader.ReadExtentsAsync(services, context.Id, page);
                    if (LostKv.IsLost(content[0]) && extents.Version != version)
                    {
                        throw new CorruptObjectException("A page was merged, and collected, before it was read.");
                    }

                    plan.AddRange(content);
                }
            }

            plan.AddRange(tail);
            return [.. plan.Where(extent => extent.EndPosition > firstPosition && extent.FirstPosition < end)];
        });
    }

    /// <summary>Reads pages; and once more where one was merged or rewound away, and collected, before it was read.</summary>
    private static async Task<IReadOnlyList<T>> AgainIfMovedAsync<T>(Func<int> version, Func<Task<IReadOnlyList<T>>> read)
    {
        while (true)
        {
            var before = version();
            IReadOnlyList<T>? result = null;
            try
            {
                await PageLoader.GuardAsync(async () => result = await read());
                return result!;
            }
            catch (SwarmRefusedException error) when (error.Refusal.Code == RefusalCode.Corrupt && version() != before)
            {
                continue;
            }
        }
    }

    private static InputRun Cut(InputRun run, long first, long end)
    {
        var skip = (int)Math.Clamp(first - run.FirstPosition, 0, run.Tokens.Length);
        var keep = (int)Math.Clamp(end - run.FirstPosition - skip, 0, run.Tokens.Length - skip);
        return skip == 0 && keep == run.Tokens.Length
            ? run
            : new InputRun(
                run.FirstPosition + skip,
                run.Tokens.Slice(skip, keep),
                StepCutter.Before(StepCutter.Behind(run.Steps, skip), keep));
    }
}
