using DroneHandoff.Models;
using DroneHandoff.Options;
using DroneHandoff.Orchestration;
using Swarm.Inference.Presets;

namespace DroneHandoff.Tests.Models;

/// <summary>Models of short sequences: warmed up within what they have.</summary>
public sealed class DroneModelTests
{
    [Theory]
    [InlineData(150)]
    [InlineData(1024)]
    [InlineData(1088)]
    public void WarmUp_ShortSequences_StaysWithinThem(int positions)
    {
        using var folder = new ModelFolder(
            Preset.Config("tiny") with { MaxPositions = positions, Layers = 1, HiddenSize = 16, IntermediateSize = 16 });
        var model = DroneModel.Open(folder.Path, 1);

        model.WarmUp();

        Assert.Equal(positions, model.MaxPositions);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MostPositions_AnyModel_IsTheLargestThatFits(bool crashes)
    {
        var handoff = crashes ? HandoffKind.Crash : HandoffKind.Planned;
        for (var positions = 1; positions < 1500; positions++)
        {
            if (RunLength.MostPositions(positions, handoff) is { } most)
            {
                Assert.InRange(RunLength.Needed(most, handoff), 1, positions);
                Assert.True(RunLength.Needed(most + 1, handoff) > positions || most + 1 > positions, $"{positions}: {most} is not the most");
            }
            else
            {
                Assert.True(RunLength.Needed(DemoOptions.MinPositions, handoff) > positions, $"{positions}: {DemoOptions.MinPositions} fits");
            }
        }
    }
}
