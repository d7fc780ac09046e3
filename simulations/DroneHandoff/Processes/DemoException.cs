namespace DroneHandoff.Processes;

/// <summary>The run cannot go on: a process failed, or did not answer in time.</summary>
/// <param name="message">What failed, and where to look.</param>
/// <param name="innerException">The cause.</param>
internal sealed class DemoException(string message, Exception? innerException = null)
    : Exception(message, innerException);
