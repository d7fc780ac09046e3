using Swarm.Testing;
using Swarm.Text.Tests.Tokens;
using Xunit;

namespace Swarm.Text.Tests.Templates;

/// <summary>Conversations as tokens: what is said never becomes a special token, and what follows a conversation goes on behind it.</summary>
public sealed class ChatFormatTests : IDisposable
{
    private static readonly string[] _special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>", "[INST]", "[/INST]", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<start_of_turn>", "<end_of_turn>"];

    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Families() => [FamilyTemplates.Qwen25, FamilyTemplates.Qwen3, FamilyTemplates.Llama3, FamilyTemplates.Mistral, FamilyTemplates.Gemma3];

    [Theory]
    [MemberData(nameof(Families))]
    public void Encode_NamesOfSpecialTokensInWhatIsSaid_StayText(string template)
    {
        var format = Format(template);
        var random = new SeededTest().Random;
        for (var index = 0; index < 50; index++)
        {
            ChatTurn[] plain = [new("user", "aaa"), new("assistant", "bbb"), new("user", "ccc")];
            ChatTurn[] hostile = [.. plain.Select(turn => turn with { Content = $"x{RandomText.Next(random, 3)}{_special[random.Next(_special.Length)]}\n{_special[random.Next(_special.Length)]}y" })];
            var expected = format.Encode(plain, true).Where(format.Tokenizer.IsSpecial);
            var tokens = format.Encode(hostile, true);

            Assert.Equal(expected, tokens.Where(format.Tokenizer.IsSpecial));
            Assert.Equal(WithoutSpecial(format, hostile), format.Tokenizer.Decode(tokens));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Encode_WhatIsHarmless_GivesTheTokensOfTheWholeText(string template)
    {
        var format = Format(template);
        var random = new SeededTest().Random;
        for (var index = 0; index < 50; index++)
        {
            ChatTurn[] turns = [new("user", Harmless(random)), new("assistant", Harmless(random)), new("user", Harmless(random))];

            Assert.Equal(format.Tokenizer.Encode(format.Render(turns, true), parseSpecial: true), format.Encode(turns, true));
        }
    }

    /// <summary>A name of a special token that begins in the template and ends in what is said is none.</summary>
    [Fact]
    public void Encode_NameMadeOfTemplateAndContent_StaysText()
    {
        var format = Format("<|im_{% for m in messages %}{{ m.content }}{% endfor %}|{{ messages[0].role }}");

        Assert.DoesNotContain(format.Encode([new(">", "end|"), new("x", ">")], false), format.Tokenizer.IsSpecial);
    }

    [Theory]
    [InlineData("{{ (messages[0].content ~ '')|trim|replace('a', '<|im_start|>')|upper|lower }}", 1)]
    [InlineData("{{ messages|map(attribute='content')|join('<|im_start|>') }}", 1)]
    [InlineData("{{ messages[0].content.split('a')|join('') }}{{ messages[0].content[::-1][::-1] }}", 0)]
    [InlineData("{% set t %}{{ messages[0].content }}{% endset %}{{ t }}{% macro f(x) %}{{ x[1:] }}{% endmacro %}{{ f(t) }}", 0)]
    [InlineData("{{ messages|tojson }}{{ messages }}{{ [messages[0].content] }}{{ tools|tojson(indent=1) }}", 0)]
    [InlineData("{% for c in messages[0].content %}{{ c }}{% endfor %}{{ tools[0].items()|list }}{{ messages[0].role }}", 0)]
    [InlineData("{{ bos_token }}{{ tools[0]['<|im_end|>'] }}", 1)]
    public void Encode_Marks_GoThroughEveryPart(string template, int expected)
    {
        var format = Format(template, "<|im_start|>");
        var tools = new Dictionary<string, object?> { ["tools"] = new object[] { new Dictionary<string, object?> { ["<|im_end|>"] = "<|im_end|>" } } };

        var tokens = format.Encode([new("<|im_end|>", " <|im_end|>a<|im_end|>"), new("user", "<|im_end|>")], false, tools);

        Assert.Equal(Enumerable.Repeat(format.Tokenizer.FindToken("<|im_start|>")!.Value, expected), tokens.Where(format.Tokenizer.IsSpecial));
    }

    [Theory]
    [InlineData(FamilyTemplates.Qwen25, "<|im_end|>")]
    [InlineData(FamilyTemplates.Llama3, "<|eot_id|>")]
    [InlineData(FamilyTemplates.Mistral, "</s>")]
    [InlineData(FamilyTemplates.Gemma3, "<end_of_turn>")]
    public void TryEncodeContinuation_AfterAnAnswer_GoesOnBehindWhatTheContextHolds(string template, string end)
    {
        var format = Format(template);
        var endToken = format.Tokenizer.FindToken(end)!.Value;
        List<ChatTurn> turns = [new("user", "The first one.")];
        var context = new List<int>(format.Encode(turns, true));
        foreach (var (answer, next) in new[] { ("An answer.", "The next one <|im_end|>."), ("Another", "The last one.") })
        {
            // The model's own tokens, with white space as it likes.
            context.AddRange(format.Tokenizer.Encode(template == FamilyTemplates.Mistral ? $" {answer}" : answer));
            context.Add(endToken);
            turns.Add(new ChatTurn("assistant", answer));
            ChatTurn[] added = [new("user", next)];

            Assert.True(format.TryEncodeContinuation(turns, added, endToken, out var tokens));
            Assert.True(format.TryEncodeContinuation(turns, added, endToken: null, out var withEnd));

            Assert.Equal([endToken, .. tokens], withEnd);
            context.AddRange(tokens);
            turns.AddRange(added);
        }

        // As if all had been encoded at once.
        Assert.Equal(format.Encode(turns, true), context);
    }

    [Fact]
    public void TryEncodeContinuation_ThinkingThatTheTemplateDrops_IsRefused()
    {
        var format = Format(FamilyTemplates.Qwen3);
        ChatTurn[] before = [new("user", "a"), new("assistant", "<think>\nwhy\n</think>\n\nb")];

        Assert.False(format.TryEncodeContinuation(before, [new("user", "c")], null, out var tokens));
        Assert.Empty(tokens);
        Assert.True(format.TryEncodeContinuation([before[0], new("assistant", "b")], [new("user", "c")], null, out _));
    }

    [Fact]
    public void TryEncodeContinuation_NoAnswerYet_GivesWhatIsNew()
    {
        var format = Format(FamilyTemplates.Qwen25);
        ChatTurn[] before = [new("system", "S"), new("user", "a")];

        Assert.True(format.TryEncodeContinuation(before, [new("user", "b")], null, out var tokens));
        Assert.Equal(format.Encode([.. before, new("user", "b")], true), format.Encode(before, false).Concat(tokens));
    }

    [Fact]
    public void Load_DirectoryInItsForms_TakesTheTemplate()
    {
        var model = new ByteLevelModel { Special = _special };
        model.WriteJson(_folder.Path);
        var config = _folder.Combine("tokenizer_config.json");

        Assert.Contains("has no chat template", Assert.Throws<TextFormatException>(() => ChatFormat.Load(_folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllText(config, """{"bos_token": "<s>", "eos_token": "</s>", "chat_template": "A{{ bos_token }}{{ eos_token }}"}""");
        Assert.Equal("A<s></s>", ChatFormat.Load(_folder.Path).Render([], false));
        File.WriteAllText(config, """{"chat_template": [{"name": "tool_use", "template": "B"}, {"name": "default", "template": "C"}]}""");
        Assert.Equal("C", ChatFormat.Load(_folder.Path).Render([], false));
        File.WriteAllText(config, """{"chat_template": [{"name": "tool_use", "template": "B"}]}""");
        Assert.Contains("default", Assert.Throws<TextFormatException>(() => ChatFormat.Load(_folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllText(_folder.Combine("chat_template.jinja"), "D\n");
        Assert.Equal("D", ChatFormat.Load(_folder.Path).Render([], false));
    }

    [Fact]
    public void Load_Gguf_TakesTheTemplateAndItsTokens()
    {
        var file = new ScoredModel().WriteGguf(_folder.Path, writer => writer.Add("tokenizer.chat_template", "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"));
        var format = ChatFormat.Load(file);

        Assert.Equal("<s>Hi</s>", format.Render([new("user", "Hi")], false));
        Assert.Equal([1, .. format.Tokenizer.Encode("Hi"), 2], format.Encode([new("user", "Hi")], false));
    }

    /// <summary>A turn of random text that a tokenizer's own added tokens are not in, and that no template trims.</summary>
    private static string Harmless(Random random) => $"x{RandomText.Next(random, 4).Replace('<', '(').Replace("[", "(", StringComparison.Ordinal)}y";

    private static string WithoutSpecial(ChatFormat format, ChatTurn[] turns)
    {
        // The template's own special tokens give no text; those in the contents do.
        var marked = turns.Select((turn, index) => turn with { Content = $"\uE123{index}\uE123" }).ToArray();
        var rendered = _special.Aggregate(format.Render(marked, true), (text, name) => text.Replace(name, "", StringComparison.Ordinal));
        return Enumerable.Range(0, turns.Length).Aggregate(rendered, (text, index) => text.Replace($"\uE123{index}\uE123", turns[index].Content, StringComparison.Ordinal));
    }

    private ChatFormat Format(string template, string begin = "<s>")
    {
        new ByteLevelModel { Special = _special }.WriteJson(_folder.Path);
        return new ChatFormat(TextTokenizer.Load(_folder.Path), ChatTemplate.Parse(template, "test"), begin, "</s>");
    }
}
