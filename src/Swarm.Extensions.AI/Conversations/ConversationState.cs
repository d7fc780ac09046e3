using System.Text.Json;
using System.Text.Json.Serialization;
using Swarm.Core.Identity;

namespace Swarm.Extensions.AI.Conversations;

/// <summary>What is kept with a context of its conversation: where the last whole turn ends, and what the turns are. Immutable.</summary>
/// <remarks>
/// It becomes durable behind the last token of an answer. A context that is longer has a message or an answer that was cut off, which is no part of the
/// conversation. The roles of 60,000 turns have room.
/// </remarks>
/// <param name="Length">Positions of all whole turns.</param>
/// <param name="Roles">One letter a turn: <c>s</c>ystem, <c>u</c>ser, <c>a</c>ssistant.</param>
/// <param name="Format">Identity of the format that wrote them.</param>
/// <param name="Instructions">Digest of the instructions that it began with; empty without any.</param>
internal sealed record ConversationState(long Length, string Roles, string Format, string Instructions)
{
    /// <summary>Name of the state.</summary>
    public const string Name = "chat/conversation";

    private static readonly (char Letter, string Role)[] _roles = [('s', "system"), ('u', "user"), ('a', "assistant")];

    /// <summary>Version of the encoding.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Whether nothing was said yet.</summary>
    [JsonIgnore]
    public bool IsEmpty => Length == 0;

    /// <summary>Roles in full.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> RoleNames => [.. Roles.Select(letter => _roles.First(role => role.Letter == letter).Role)];

    /// <summary>What instructions are kept as.</summary>
    public static string DigestOf(string? instructions) =>
        instructions is null ? "" : Digest256.Sha256(System.Text.Encoding.UTF8.GetBytes(instructions)).ToString();

    /// <summary>Whether there is a letter for a role.</summary>
    public static bool HasRole(string role) => _roles.Any(known => known.Role == role);

    /// <summary>Reads one.</summary>
    /// <param name="context">The context, for messages.</param>
    /// <param name="content">What was kept.</param>
    /// <exception cref="InvalidDataException">It is none, or of another version.</exception>
    public static ConversationState Decode(string context, ReadOnlySpan<byte> content)
    {
        try
        {
            var state = JsonSerializer.Deserialize(content, ConversationJson.Default.ConversationState);
            if (state is { Version: 1, Length: >= 0, Roles: not null, Format: not null, Instructions: not null }
                && state.Roles.All(letter => _roles.Any(role => role.Letter == letter)))
            {
                return state;
            }

            throw new InvalidDataException(
                $"The state '{Name}' of context '{context}' has version {state?.Version ?? 0} or values that version 1 does not know: it is of a newer "
                + "Swarm.Extensions.AI, or was set by something else. Update, or begin a new conversation.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException(
                $"The state '{Name}' of context '{context}' cannot be read ({exception.Message}): it was set by something else than a SwarmChatClient. "
                + "Begin a new conversation.",
                exception);
        }
    }

    /// <summary>This conversation with turns and the answer to them.</summary>
    /// <param name="turns">The turns.</param>
    /// <param name="length">Positions behind the answer.</param>
    public ConversationState With(IEnumerable<ChatTurn> turns, long length) => this with
    {
        Length = length,
        Roles = Roles + string.Concat(turns.Select(turn => _roles.First(role => role.Role == turn.Role).Letter)) + "a",
    };

    /// <summary>The bytes to keep.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, ConversationJson.Default.ConversationState);
}

/// <summary>The state as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ConversationState))]
internal sealed partial class ConversationJson : JsonSerializerContext;
