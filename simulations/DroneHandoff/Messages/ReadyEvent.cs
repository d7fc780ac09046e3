namespace DroneHandoff.Messages;

/// <summary>The model is loaded and warm.</summary>
/// <param name="ModelName">The model's name.</param>
/// <param name="Parameters">Number of its weights.</param>
/// <param name="Fingerprint">Its fingerprint.</param>
/// <param name="KvBytesPerPosition">Bytes of KV of one position.</param>
/// <param name="Numerics">What decides the bits beside the model: its runtime's numerics identity.</param>
internal sealed record ReadyEvent(
    string ModelName, long Parameters, string Fingerprint, long KvBytesPerPosition, string Numerics = "")
    : RoleEvent;
