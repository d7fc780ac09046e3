using LLama.Native;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Swarm.LlamaCpp.Native;

/// <summary>Where llama.cpp's one log goes: to a logger, and while a model or context is made also into the message of what fails.</summary>
internal static class LlamaLog
{
    private const int MostLines = 3;

    [ThreadStatic]
    private static List<string>? _complaints;

    [ThreadStatic]
    private static LLamaLogLevel _level;

    private static ILogger _logger = NullLogger.Instance;

    /// <summary>The logger from now on.</summary>
    public static ILogger Logger
    {
        get => Volatile.Read(ref _logger);
        set => Volatile.Write(ref _logger, value);
    }

    /// <summary>Does something, and returns with its result the last warnings and errors that llama.cpp logged on this thread meanwhile.</summary>
    public static T Listen<T>(Func<T> action, out string complaints)
    {
        _complaints = [];
        try
        {
            return action();
        }
        finally
        {
            complaints = _complaints.Count == 0 ? "nothing" : $"\"{string.Join("; ", _complaints.TakeLast(MostLines))}\"";
            _complaints = null;
        }
    }

    /// <summary>Takes a message, or a part of one.</summary>
    public static void Write(LLamaLogLevel level, string message)
    {
        _level = level == LLamaLogLevel.Continue ? _level : level;
        var text = message.Trim();
        if (text.Length == 0)
        {
            return;
        }

        var logger = Logger;
        switch (_level)
        {
            case LLamaLogLevel.Error:
                _complaints?.Add(text);
                LlamaCppLog.NativeError(logger, text);
                break;
            case LLamaLogLevel.Warning:
                _complaints?.Add(text);
                LlamaCppLog.NativeWarning(logger, text);
                break;
            default:
                LlamaCppLog.NativeMessage(logger, text);
                break;
        }
    }
}
