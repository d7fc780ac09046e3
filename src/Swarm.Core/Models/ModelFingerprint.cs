using Swarm.Core.Identity;

namespace Swarm;

/// <summary>Identity of a model as far as its KV is concerned. KV of one fingerprint is never given to another.</summary>
/// <param name="Value">SHA-256 over a <see cref="ModelDescriptor"/>.</param>
public readonly record struct ModelFingerprint(Digest256 Value)
{
    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString();
}
