namespace Swarm.Gguf;

/// <summary>What a GGUF file may have; README.md tells the same.</summary>
internal static class GgufLimits
{
    public const uint Magic = 0x46554747; // "GGUF"
    public const int MinVersion = 2;
    public const int MaxVersion = 3;
    public const int MaxKeys = 65_536;
    public const int MaxTensors = 65_536;
    public const long MaxHeaderBytes = 256L << 20;
    public const int MaxKeyBytes = 65_535;
    public const int MaxTensorNameBytes = 63;
    public const int MaxDimensions = 4;
    public const int DefaultAlignment = 32;
    public const int MinAlignment = 8;
    public const int MaxAlignment = 65_536;
    public const string AlignmentKey = "general.alignment";
    public const string SplitCountKey = "split.count";

    /// <summary>Whether an alignment is one that is supported.</summary>
    public static bool IsAlignment(long alignment) =>
        alignment is >= MinAlignment and <= MaxAlignment && (alignment & (alignment - 1)) == 0;

    /// <summary>The next offset that is aligned.</summary>
    public static long Align(long offset, int alignment) => checked((offset + alignment - 1) / alignment * alignment);
}
