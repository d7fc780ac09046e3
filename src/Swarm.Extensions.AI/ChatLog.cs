using Microsoft.Extensions.Logging;

namespace Swarm.Extensions.AI;

/// <summary>Every log message of the chat client. Event ids 4500 to 4599.</summary>
internal static partial class ChatLog
{
    [LoggerMessage(4500, LogLevel.Debug, "Conversation {Conversation}: open, {Positions} positions, {Loaded} of them loaded", EventName = "Chat.Opened")]
    public static partial void Opened(ILogger logger, string conversation, long positions, long loaded);

    [LoggerMessage(4501, LogLevel.Warning,
        "Conversation {Conversation}: {Positions} positions of a message or an answer that was cut off are taken back; it ends at {Length}",
        EventName = "Chat.CutOff")]
    public static partial void CutOff(ILogger logger, string conversation, long positions, long length);

    [LoggerMessage(4502, LogLevel.Warning, "Conversation {Conversation}: closed, but not released: {Reason}", EventName = "Chat.NotReleased")]
    public static partial void NotReleased(ILogger logger, string conversation, string reason);
}
