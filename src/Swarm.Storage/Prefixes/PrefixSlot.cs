using System.Runtime.InteropServices;

namespace Swarm.Storage.Prefixes;

/// <summary>A block in the index: 16 bytes.</summary>
/// <param name="Tag">Bytes 8 to 15 of its hash.</param>
/// <param name="End">First position behind it.</param>
/// <param name="Span">Number of the span that it is in; 0 where the slot is empty.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PrefixSlot(ulong Tag, int End, int Span);
