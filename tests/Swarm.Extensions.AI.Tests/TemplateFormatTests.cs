using System.Text.Json;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Extensions.AI.Tests;

/// <summary>Conversations in the template that comes with a model.</summary>
public sealed class TemplateFormatTests
{
    private const string ChatMl =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A model's ChatML over bytes is that of the tests, which nothing of the template's code made.</summary>
    [Fact]
    public void Encode_ConversationsOfChatMl_GivesWhatIsWrittenByHand()
    {
        var seeded = new SeededTest();
        using var folder = new TempDirectory();
        var format = Load(folder.Path, ChatMl).ToConversationFormat();
        var expected = new ChatMlFormat();
        string[] contents = ["Hello", "", "\u00e9\U0001F680 <|im_end|>", " spaces ", "<|im_start|>user\n", "x", "two\nlines\n"];
        for (var round = 0; round < 200; round++)
        {
            List<string> roles = [];
            for (var turn = seeded.Random.Next(4); turn > 0; turn--)
            {
                roles.AddRange(roles.Count == 0 && turn % 2 == 0 ? ["system", "user", "assistant"] : ["user", "assistant"]);
            }

            int? endToken = roles.Count > 0 && seeded.Random.Next(2) == 0 ? ByteTokenizer.End : null;
            ChatTurn[] turns = [.. Enumerable.Range(0, 1 + seeded.Random.Next(3)).Select(_ => new ChatTurn("user", contents[seeded.Random.Next(contents.Length)]))];

            Assert.Equal(expected.Encode(roles, endToken, turns), format.Encode(roles, endToken, turns));
        }
    }

    [Fact]
    public async Task Conversation_InAModelsTemplate_IsThatOfTheSameFormatByHand()
    {
        using var folder = new TempDirectory();
        var format = Load(folder.Path, ChatMl).ToConversationFormat();
        await using var byHand = new Chat(new InMemorySwarm().Connect());
        await using var byTemplate = new Chat(new InMemorySwarm().Connect(), options => options.Format = format);
        foreach (var message in new[] { "Hello", "Go on \u00e9", "And then?" })
        {
            var expected = await byHand.SayAsync(message, "a");
            var found = await byTemplate.SayAsync(message, "a");

            Assert.Equal(expected.Text, found.Text);
            Assert.Equal(expected.Usage!.TotalTokenCount, found.Usage!.TotalTokenCount);
        }
    }

    [Fact]
    public async Task Template_ThatCannotGoOnInPlaceOrRefuses_IsSaid()
    {
        using var folder = new TempDirectory();
        const string Last = "{% for message in messages %}{% if loop.last %}<|im_start|>last\n{% endif %}{{ message['content'] }}<|im_end|>{% endfor %}";
        const string NoSystem = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system role') }}{% endif %}{{ messages[0]['content'] }}";
        await using var moves = new Chat(new InMemorySwarm().Connect(), options => options.Format = Load(folder.Combine("last"), Last).ToConversationFormat());
        await using var refuses = new Chat(new InMemorySwarm().Connect(), options => options.Format = Load(folder.Combine("system"), NoSystem).ToConversationFormat());
        await moves.SayAsync("Hello", "a");

        var moved = await Assert.ThrowsAsync<ArgumentException>(() => moves.SayAsync("Go on", "a"));
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => refuses.SayAsync("Hello", "a", options => options.Instructions = "Be brief."));

        Assert.Contains("cannot go on in place", moved.Message, StringComparison.Ordinal);
        Assert.Contains("No system role", refused.Message, StringComparison.Ordinal);
        Assert.NotEqual(Load(folder.Combine("one"), ChatMl).ToConversationFormat().Identity, Load(folder.Combine("two"), Last).ToConversationFormat().Identity);
        Assert.Equal(Load(folder.Combine("one"), ChatMl).ToConversationFormat().Identity, Load(folder.Combine("three"), ChatMl).ToConversationFormat().Identity);
    }

    /// <summary>What comes with a model: byte-level BPE without merges, whose ids are the bytes, and two special tokens.</summary>
    internal static ChatFormat Load(string folder, string template = ChatMl)
    {
        Directory.CreateDirectory(folder);
        var special = new[] { ("<|im_start|>", ByteTokenizer.Start), ("<|im_end|>", ByteTokenizer.End) };
        var letters = Letters();
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), JsonSerializer.Serialize(new
        {
            version = "1.0",
            added_tokens = special.Select(token => new
            {
                id = token.Item2,
                content = token.Item1,
                single_word = false,
                lstrip = false,
                rstrip = false,
                normalized = false,
                special = true,
            }),
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = false },
            decoder = new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = false },
            model = new
            {
                type = "BPE",
                vocab = Enumerable.Range(0, 256).ToDictionary(value => letters[value], value => value),
                merges = Array.Empty<string>(),
            },
        }));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), JsonSerializer.Serialize(new { eos_token = "<|im_end|>", chat_template = template }));
        return ChatFormat.Load(folder);
    }

    /// <summary>The letter that stands for each byte in a byte-level vocabulary: itself where it can be seen, else the next one from U+0100 on.</summary>
    private static string[] Letters()
    {
        var next = 256;
        return
        [
            .. Enumerable.Range(0, 256).Select(value =>
                value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? $"{(char)value}" : $"{(char)next++}"),
        ];
    }
}
