using Swarm.Testing.Models;

namespace Swarm.Extensions.AI.Tests;

/// <summary>ChatML over the bytes of UTF-8.</summary>
public sealed class ChatMlFormat : IConversationFormat
{
    private readonly ByteTokenizer _tokenizer = new();

    public string Identity { get; init; } = "chatml:test:bytes";

    public ITextTokenizer Tokenizer => _tokenizer;

    public int[] Encode(IReadOnlyList<string> rolesBefore, int? endToken, IReadOnlyList<ChatTurn> turns)
    {
        List<int> tokens = [];
        if (rolesBefore is [.., "assistant"])
        {
            int[] close = _tokenizer.Encode("<|im_end|>\n", parseSpecial: true);
            tokens.AddRange(endToken == close[0] ? close[1..] : close);
        }

        foreach (var turn in turns)
        {
            tokens.AddRange(_tokenizer.Encode($"<|im_start|>{turn.Role}\n", parseSpecial: true));
            tokens.AddRange(_tokenizer.Encode(turn.Content));
            tokens.AddRange(_tokenizer.Encode("<|im_end|>\n", parseSpecial: true));
        }

        tokens.AddRange(_tokenizer.Encode("<|im_start|>assistant\n", parseSpecial: true));
        return [.. tokens];
    }
}
