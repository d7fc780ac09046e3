namespace Swarm.Text.Templates;

/// <summary>What one rendering may use: a hostile template ends with an error.</summary>
/// <param name="source">Where the template comes from, for messages.</param>
internal sealed class TemplateLimits(string source)
{
    /// <summary>The longest text, in characters: of the output, and of any value.</summary>
    public const int MaxLength = 8 << 20;

    /// <summary>The most elements of a list.</summary>
    public const int MaxItems = 1 << 18;

    /// <summary>How deep macros may call, values be nested, and a template's own parts be nested.</summary>
    public const int MaxDepth = 100;

    /// <summary>The longest template, in characters.</summary>
    public const int MaxSource = 1 << 20;

    private const int MaxSteps = 20_000_000;
    private const int CharactersInStep = 8;

    private long _steps;

    /// <summary>Counts steps: one for each part that is evaluated, and for each element of a list that is made.</summary>
    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > MaxSteps)
        {
            throw Exceeded($"takes more than {MaxSteps} steps");
        }
    }

    /// <summary>Counts what is done with a text: one step for each 8 characters.</summary>
    public void Handle(MarkedText text) => Step(text.Value.Length / CharactersInStep);

    /// <summary>Checks how long a text is to be that gets more characters.</summary>
    public void RequireLength(long length, long added)
    {
        Step(1 + (added / CharactersInStep));
        if (length > MaxLength)
        {
            throw Exceeded($"makes a text of more than {MaxLength} characters");
        }
    }

    /// <summary>Checks how many elements a list is to have.</summary>
    public void RequireItems(long count)
    {
        if (count > MaxItems)
        {
            throw Exceeded($"makes a list of more than {MaxItems} elements");
        }

        Step(1 + count);
    }

    /// <summary>Checks how deep a call or a value is nested.</summary>
    public void RequireDepth(int depth)
    {
        Step();
        if (depth > MaxDepth)
        {
            throw Exceeded($"nests calls or values deeper than {MaxDepth}");
        }
    }

    private TextFormatException Exceeded(string fault) => new($"{source}: the chat template {fault}, which no conversation needs. Use another template.");
}
