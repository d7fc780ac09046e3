namespace Swarm.Storage.State;

/// <summary>Identifies a content of pages: equal marks of one incarnation mean equal content.</summary>
internal readonly record struct PageMark(
    long TokenLength, int InputVersion, long KvLength, int ExtentVersion, int StatesVersion);
