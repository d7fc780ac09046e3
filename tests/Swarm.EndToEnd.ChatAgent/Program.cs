using System.Text.Json;
using Microsoft.Extensions.AI;
using Swarm;
using Swarm.EndToEnd.ChatAgent;
using Swarm.Extensions.AI.Tests;
using Swarm.Inference;

// <address> [<spool>]. For each line that it reads, a conversation's id and a message, it answers: "piece" and a text for each piece, then "done" and what it took.
TorchThreads.Set(1);
using var model = LlamaModel.CreatePreset("tiny", 42, "test:bytes", vocabularySize: 258);
await using var swarm = await SwarmClient.ConnectAsync(args[0], new SwarmCredential("default"));
await using var chat = new SwarmChatClient(swarm, new SwarmChatClientOptions
{
    Format = new ChatMlFormat(),
    CreateRuntime = () => new CountingRuntime(model.CreateRuntime(maxPositions: 4096)),
    Sampling = new SamplerOptions(Temperature: 0.7, TopK: 50, Seed: 3),
    MaxOutputTokens = 40,
    Agent = args.Length > 1 ? "with-spool" : null,
    Memory = new MemoryOptions { SpoolPath = args.ElementAtOrDefault(1), DrainTimeout = TimeSpan.FromSeconds(1) },
});
Say("ready", "");
while (Console.In.ReadLine() is { } line)
{
    var (id, message) = (line[..line.IndexOf(' ', StringComparison.Ordinal)], line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
    var before = CountingRuntime.Computed;
    await foreach (var update in chat.GetStreamingResponseAsync(
        [new ChatMessage(ChatRole.User, message)], new ChatOptions { ConversationId = id }))
    {
        if (update.Contents.OfType<UsageContent>().FirstOrDefault() is { Details: var usage })
        {
            Say("done", new Took(usage.InputTokenCount!.Value, usage.CachedInputTokenCount!.Value, usage.OutputTokenCount!.Value, CountingRuntime.Computed - before));
        }
        else
        {
            Say("piece", update.Text);
        }
    }
}

static void Say(string what, object value)
{
    Console.Out.WriteLine($"{what} {JsonSerializer.Serialize(value)}");
    Console.Out.Flush();
}

namespace Swarm.EndToEnd.ChatAgent
{
    /// <summary>What one answer took, in tokens.</summary>
    /// <param name="Input">Of the conversation and the message.</param>
    /// <param name="Cached">Of these, what was not computed, as the client says.</param>
    /// <param name="Output">Of the answer.</param>
    /// <param name="Computed">What the runtimes have computed for it.</param>
    internal sealed record Took(long Input, long Cached, long Output, long Computed);
}
