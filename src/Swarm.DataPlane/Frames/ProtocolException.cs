namespace Swarm.DataPlane.Frames;

/// <summary>The peer broke the protocol: that connection is over, no other is touched.</summary>
/// <param name="message">What came, and what was allowed.</param>
internal sealed class ProtocolException(string message) : Exception(message);
