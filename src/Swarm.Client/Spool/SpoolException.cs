namespace Swarm;

/// <summary>The spool on this machine's disk cannot be used: in use, unreadable, or the disk refuses a write.</summary>
/// <param name="message">What failed, where, and the remedy.</param>
/// <param name="innerException">The cause.</param>
public class SpoolException(string message, Exception? innerException = null) : IOException(message, innerException);
