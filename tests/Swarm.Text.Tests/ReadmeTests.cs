using System.Text;
using Swarm.Testing;
using Swarm.Text.Tests.Templates;
using Swarm.Text.Tests.Tokens;
using Xunit;

namespace Swarm.Text.Tests;

/// <summary>The sample of the package's readme: it is here, and it runs.</summary>
public sealed class ReadmeTests : IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly List<int[]> _generated = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sample_OfTheReadme_IsTheOneHere()
    {
        var readme = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md"));
        var sample = readme.Split("```csharp\nusing Swarm;\n\n")[1].Split("```")[0]
            .Replace("ChatFormat.Load(\"models/qwen\"); // A checkpoint directory, or a .gguf file.", "ChatFormat.Load(_folder.Path);", StringComparison.Ordinal);
        var source = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "ReadmeTests.cs"));

        Assert.Contains(string.Concat(sample.Split('\n').Select(line => line.Length == 0 ? "\n" : $"        {line}\n")).TrimEnd(), source, StringComparison.Ordinal);
    }

    [Fact]
    public void Sample_OfTheReadme_Runs()
    {
        var model = new ByteLevelModel();
        model.WriteJson(_folder.Path);
        File.WriteAllText(_folder.Combine("chat_template.jinja"), FamilyTemplates.Qwen25);

        var format = ChatFormat.Load(_folder.Path);
        List<ChatTurn> turns = [new("system", "Be brief."), new("user", "Where are we?")];
        var prompt = format.Encode(turns, addGenerationPrompt: true);

        // The answer's tokens come one by one; characters that are spread over several tokens come with the last of them.
        var decoder = format.Tokenizer.CreateDecoder();
        var answer = new StringBuilder();
        int? endToken = null;
        foreach (var token in Generate(prompt))
        {
            if (format.Tokenizer.EndTokens.Contains(token))
            {
                endToken = token;
                break;
            }

            answer.Append(decoder.Append(token));
        }

        answer.Append(decoder.Flush());

        // The next turn: only what the context does not hold.
        turns.Add(new("assistant", answer.ToString()));
        if (format.TryEncodeContinuation(turns, [new("user", "And now?")], endToken, out var more))
        {
            Generate(more);
        }

        Assert.Equal("In the café.", answer.ToString());
        Assert.Equal(model.IdOf("<|im_end|>"), endToken);
        Assert.Equal(format.Encode([.. turns, new("user", "And now?")], true), _generated[0].Concat(Answer(format)).Concat(_generated[1]));

        IEnumerable<int> Generate(int[] tokens)
        {
            _generated.Add(tokens);
            return Answer(format);
        }
    }

    private static int[] Answer(ChatFormat format) => [.. format.Tokenizer.Encode("In the café."), format.Tokenizer.FindToken("<|im_end|>")!.Value];
}
