namespace DroneHandoff.Messages;

/// <summary>Try to append with a session that another one has replaced.</summary>
/// <param name="Epoch">The old session's epoch.</param>
/// <param name="Secret">The old session's secret, in hexadecimal digits.</param>
/// <param name="Position">Where the old session would have gone on.</param>
/// <param name="Tokens">What it would have appended.</param>
internal sealed record AppendStaleCommand(ulong Epoch, string Secret, long Position, int[] Tokens) : RoleCommand
{
    /// <summary>Never shows the secret.</summary>
    public override string ToString() => $"AppendStaleCommand(epoch {Epoch}, position {Position}, secret hidden)";
}
