namespace DroneHandoff.Messages;

/// <summary>The predecessor holds the context.</summary>
/// <param name="Epoch">Its session's epoch.</param>
/// <param name="Secret">Its session's secret in hexadecimal digits, for the later replay; goes over the private pipe alone.</param>
internal sealed record OpenedEvent(ulong Epoch, string Secret) : RoleEvent
{
    /// <summary>Never shows the secret.</summary>
    public override string ToString() => $"OpenedEvent(epoch {Epoch}, secret hidden)";
}
