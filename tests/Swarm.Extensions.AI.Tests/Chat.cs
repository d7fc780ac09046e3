using Microsoft.Extensions.AI;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Extensions.AI.Tests;

/// <summary>A chat client over a toy model, and how much that computes.</summary>
internal sealed class Chat : IAsyncDisposable
{
    private readonly List<ToyRuntime> _runtimes = [];

    public Chat(ISwarmClient swarm, Action<SwarmChatClientOptions>? configure = null)
    {
        var options = new SwarmChatClientOptions
        {
            Format = new ChatMlFormat(),
            CreateRuntime = NewRuntime,
            MaxOutputTokens = 24,
            Sampling = new SamplerOptions(Temperature: 1, Seed: 11),
            Memory = new MemoryOptions { BlockTokens = 8 },
        };
        configure?.Invoke(options);
        Client = new SwarmChatClient(swarm, options);
    }

    public SwarmChatClient Client { get; }

    /// <summary>Positions that all its runtimes have computed.</summary>
    public long Computed => _runtimes.Sum(runtime => runtime.ComputedPositions);

    /// <summary>Runtimes that were made.</summary>
    public int Runtimes => _runtimes.Count;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task<ChatResponse> SayAsync(string text, string? conversation = null, Action<ChatOptions>? configure = null)
    {
        var options = new ChatOptions { ConversationId = conversation };
        configure?.Invoke(options);
        return await Client.GetResponseAsync([new ChatMessage(ChatRole.User, text)], options, Token);
    }

    public ValueTask DisposeAsync() => Client.DisposeAsync();

    private ToyRuntime NewRuntime()
    {
        var runtime = new ToyRuntime(vocabularySize: 258, maxStepTokens: 16);
        lock (_runtimes)
        {
            _runtimes.Add(runtime);
        }

        return runtime;
    }
}
