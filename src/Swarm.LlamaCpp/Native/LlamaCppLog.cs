using Microsoft.Extensions.Logging;

namespace Swarm.LlamaCpp.Native;

/// <summary>Every log message of the llama.cpp runtime. Event ids 4400 to 4499.</summary>
internal static partial class LlamaCppLog
{
    [LoggerMessage(4400, LogLevel.Error, "llama.cpp: {Message}", EventName = "LlamaCpp.NativeError")]
    public static partial void NativeError(ILogger logger, string message);

    [LoggerMessage(4401, LogLevel.Warning, "llama.cpp: {Message}", EventName = "LlamaCpp.NativeWarning")]
    public static partial void NativeWarning(ILogger logger, string message);

    [LoggerMessage(4402, LogLevel.Debug, "llama.cpp: {Message}", EventName = "LlamaCpp.NativeMessage")]
    public static partial void NativeMessage(ILogger logger, string message);

    [LoggerMessage(4403, LogLevel.Information,
        "Model {Model}: {Layers} layers of {Architecture}, {Positions} positions, {Tokens} tokens; computes as {Numerics}",
        EventName = "LlamaCpp.ModelLoaded")]
    public static partial void ModelLoaded(ILogger logger, string model, int layers, string architecture, int positions, int tokens, string numerics);

    [LoggerMessage(4404, LogLevel.Warning,
        "Model {Model}: the rows of its cache were not found in memory; KV is copied by llama.cpp's state functions, between the steps",
        EventName = "LlamaCpp.NotInPlace")]
    public static partial void NotInPlace(ILogger logger, string model);
}
