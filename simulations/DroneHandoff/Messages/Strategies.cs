namespace DroneHandoff.Messages;

/// <summary>Names of the ways in which a successor may start; they are part of the report.</summary>
internal static class Strategies
{
    /// <summary>Follow the memory while the predecessor streams it, and take it over with what is there already.</summary>
    public const string Standby = "standby";

    /// <summary>Take the memory over and load its KV.</summary>
    public const string Rehydrate = "rehydrate";

    /// <summary>Read the stored tokens and compute their KV again, in the longest steps that the model takes.</summary>
    public const string RePrefill = "re-prefill";

    /// <summary>Start with nothing.</summary>
    public const string Cold = "cold";
}
