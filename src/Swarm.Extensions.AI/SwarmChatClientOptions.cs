using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Settings;

namespace Swarm;

/// <summary>Settings of a <see cref="SwarmChatClient"/>.</summary>
public sealed class SwarmChatClientOptions : ISettingRules
{
    /// <summary>
    /// How conversations are written in the model's tokens. Required. <c>ChatFormat.Load(path).ToConversationFormat()</c> is what comes with a model.
    /// </summary>
    public IConversationFormat? Format { get; set; }

    /// <summary>
    /// Makes a runtime for a conversation that is opened; runtimes may share a model's weights. Required. It is called on any thread, and what it returns is
    /// the client's, which disposes of it if it is an <see cref="IDisposable"/>.
    /// </summary>
    public Func<IKvRuntime>? CreateRuntime { get; set; }

    /// <summary>
    /// Agent name of this process, see <see cref="Names.RequireAgent"/>; <see langword="null"/>, the default, for one that no other process has. Needed with
    /// a spool, so that the next process finds it.
    /// </summary>
    public string? Agent { get; set; }

    /// <summary>
    /// What is waited for where another process holds a conversation. Default <see cref="TakeOver.Now"/>: the conversation goes where its next message
    /// goes, and an answer that the other one was giving fails there.
    /// </summary>
    public TakeOver TakeOver { get; set; } = TakeOver.Now;

    /// <summary>Conversations that are open at a time, each with a runtime; the one not used for longest makes room. 1 to 65,536; default 8.</summary>
    [Setting("Conversations that are open at a time.", Min = "1", Max = "65536")]
    public int MaxOpenConversations { get; set; } = 8;

    /// <summary>A conversation that is not used for this long is released, for any process. 1 s to 1 d; default 5 min.</summary>
    [Setting("Time without use after which a conversation is released.", Min = "1s", Max = "1d")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Most tokens of an answer where <c>ChatOptions.MaxOutputTokens</c> does not say. 1 or more; default 1,024.</summary>
    [Setting("Most tokens of an answer where the call does not say.", Min = "1")]
    public int MaxOutputTokens { get; set; } = 1024;

    /// <summary>How tokens are chosen, as far as <c>ChatOptions</c> does not say. Default greedy, seed 0: the same conversation gets the same answer.</summary>
    public SamplerOptions Sampling { get; set; } = SamplerOptions.Greedy;

    /// <summary>What the names of new conversations begin with, followed by 32 hexadecimal digits. Default <c>chat/</c>.</summary>
    [Setting("What the names of new conversations begin with.")]
    public string NamePrefix { get; set; } = "chat/";

    /// <summary>Settings of each conversation's session.</summary>
    public MemoryOptions Memory { get; set; } = new();

    /// <summary>Where the client logs to. Default: nowhere; in a host, the host's.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Makes the client's meters; <see langword="null"/>, the default, for meters of its own. In a host, the host's.</summary>
    public IMeterFactory? MeterFactory { get; set; }

    /// <summary>The clock. Default the system's; in a host, the host's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        if (Format is null)
        {
            yield return $"{name(nameof(Format))} is not set: give the model's chat template and tokenizer.";
        }
        else if (Format.Identity is not { Length: > 0 and <= 256 })
        {
            yield return $"{name(nameof(Format))} has an identity of {Format.Identity?.Length ?? 0} characters; it must have 1 to 256.";
        }

        if (CreateRuntime is null)
        {
            yield return $"{name(nameof(CreateRuntime))} is not set: give a function that makes a runtime of the model for a conversation.";
        }

        if (Fault(() => Names.RequireContext(NamePrefix + new string('0', 32))) is { } prefix)
        {
            yield return $"{name(nameof(NamePrefix))} is '{NamePrefix}': {prefix}";
        }

        if (Agent is not null && Fault(() => Names.RequireAgent(Agent)) is { } agent)
        {
            yield return $"{name(nameof(Agent))}: {agent}";
        }

        if (Fault(() => _ = new Sampler(Sampling)) is { } sampling)
        {
            yield return $"{name(nameof(Sampling))}: {sampling}";
        }

        foreach (var fault in SettingRules.FindFaults(Memory, setting => name($"{nameof(Memory)}.{setting}")))
        {
            yield return fault;
        }

        if (Memory.SpoolPath is not null && Agent is null)
        {
            yield return $"{name(nameof(Agent))} is not set, and {name(nameof(Memory))}.{nameof(MemoryOptions.SpoolPath)} is: name the agent, or no process "
                + "finds the spool again.";
        }
    }

    private static string? Fault(Action check)
    {
        try
        {
            check();
            return null;
        }
        catch (ArgumentException exception)
        {
            return SettingRules.TextOf(exception);
        }
    }
}
