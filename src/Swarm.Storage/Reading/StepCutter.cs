namespace Swarm.Storage.Reading;

/// <summary>Cuts lists of step lengths.</summary>
internal static class StepCutter
{
    /// <summary>Steps of what is left behind some positions; a step that is cut keeps its rest.</summary>
    public static ReadOnlyMemory<int> Behind(ReadOnlyMemory<int> steps, int positions)
    {
        var index = 0;
        while (index < steps.Length && steps.Span[index] <= positions)
        {
            positions -= steps.Span[index++];
        }

        if (positions == 0)
        {
            return steps[index..];
        }

        var rest = steps[index..].ToArray();
        rest[0] -= positions;
        return rest;
    }

    /// <summary>Steps of the first positions; a step that is cut keeps its beginning.</summary>
    public static ReadOnlyMemory<int> Before(ReadOnlyMemory<int> steps, int positions)
    {
        var index = 0;
        while (index < steps.Length && steps.Span[index] <= positions)
        {
            positions -= steps.Span[index++];
        }

        return positions == 0 ? steps[..index] : (int[])[.. steps[..index].Span, positions];
    }
}
