using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Core.Contexts;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.Sessions;

/// <summary>Lets a new context begin with the KV of another one that has the same first inputs.</summary>
internal sealed class PrefixSharing(ControlPlane control, ILogger logger)
{
    /// <summary>Before anything is made: nobody is to hold a context for the sake of a prompt that cannot be fed.</summary>
    public static void Check(ReadOnlySpan<int> prompt, IKvRuntime runtime)
    {
        if (prompt.IsEmpty)
        {
            throw new ArgumentException("A prompt has at least one token; open the context without one otherwise.", nameof(prompt));
        }

        if (prompt.Length > runtime.MaxPositions)
        {
            throw new ArgumentException(
                $"A prompt of {prompt.Length} tokens is over the runtime's {runtime.MaxPositions} positions. Shorten it, or give the model a larger cache.",
                nameof(prompt));
        }

        var wrong = prompt.IndexOfAnyExceptInRange(0, runtime.VocabularySize - 1);
        if (wrong >= 0)
        {
            throw new ArgumentException(
                $"Token {prompt[wrong]} at {wrong} of the prompt is none of the model's {runtime.VocabularySize}.", nameof(prompt));
        }
    }

    /// <summary>Makes the context out of another one's beginning, if it is new and there is one. Failing that, it is made as any other.</summary>
    public async Task ShareAsync(
        string context, IKvRuntime runtime, ReadOnlyMemory<int> prompt, int blockTokens, CancellationToken cancellationToken)
    {
        // The last token is fed in any case: its logits are what the agent goes on from.
        var tokens = prompt[..Math.Min(prompt.Length - 1, IPrefixDirectory.MaxTokensIn(blockTokens))];
        if (tokens.Length < blockTokens)
        {
            return;
        }

        try
        {
            await control.GetStatusAsync(context, cancellationToken).ConfigureAwait(false);
            return;
        }
        catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.NotFound)
        {
            // A new one.
        }

        try
        {
            var shared = await control.ForkPrefixAsync(
                new PrefixFork(context, runtime.Fingerprint.Value, blockTokens, tokens.ToArray()), cancellationToken)
                .ConfigureAwait(false);
            if (shared.Parent.Length > 0)
            {
                ClientLog.PrefixShared(logger, context, shared.Position, shared.Parent);
            }
        }
        catch (Exception exception) when (exception is SwarmRefusedException { Refusal.Code: not RefusalCode.Unauthorized } or SwarmTransportException)
        {
            ClientLog.PrefixNotShared(logger, context, exception.Message);
        }
    }
}
