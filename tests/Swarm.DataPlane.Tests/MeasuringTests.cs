using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>Tests that measure the whole process, and so run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuringTests
{
    public const string Name = "measuring";
}
