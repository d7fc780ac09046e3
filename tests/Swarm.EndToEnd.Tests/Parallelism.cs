using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// Two tests at a time, where they only wait for processes that keep promises and measure nothing. All others run alone, after those.
[assembly: Parallelization(Mode = ParallelMode.Collections, MaxThreads = 2)]

namespace Swarm.EndToEnd.Tests;

/// <summary>Tests that run alone: they measure times, or their processes want all processors.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
