using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>Where the payload of a record lies.</summary>
/// <param name="Object">
/// The object; <see langword="default"/> means the segment that the record itself is in, and
/// <paramref name="Offset"/> is then relative to the start of that segment's payload area.
/// </param>
/// <param name="Offset">First byte. Absolute in the object, but for the case above.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Checksum">XxHash3-64 of these bytes.</param>
public readonly record struct PayloadRef(ObjectRef Object, long Offset, int Length, ulong Checksum);
