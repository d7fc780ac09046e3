namespace Swarm.Testing.Fuzzing;

/// <summary>Changes bytes at a few random places: flips, other bytes, insertions, cuts, repeats, and tokens that lie about lengths.</summary>
public static class Mutator
{
    private const int MaxChanges = 3;
    private const int MaxCutBytes = 8;
    private const int MaxRepeatBytes = 64;

    private static readonly byte[][] Tokens =
    [
        [0xDD, 0xFF, 0xFF, 0xFF, 0xFF], [0xDC, 0xFF, 0xFF], [0xDF, 0x7F, 0xFF, 0xFF, 0xFF], // MessagePack: arrays, a map.
        [0xC6, 0xFF, 0xFF, 0xFF, 0xFF], [0xC6, 0x7F, 0xFF, 0xFF, 0xFF], [0xDB, 0x7F, 0xFF, 0xFF, 0xFF], // Bytes, a text.
        [0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xD3, 0x80, 0, 0, 0, 0, 0, 0, 0], // Extreme numbers.
        [0xCF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xD2, 0x80, 0, 0, 0], [0xCE, 0x7F, 0xFF, 0xFF, 0xFF],
        [0xC0], [0xC1], [0xC9, 0x7F, 0xFF, 0xFF, 0xFF, 0x01], [0x90], [0x80], [0xA0], [0xCB, 0, 0, 0, 0, 0, 0, 0, 0],
        [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0, 0, 0, 0x80], [0xFF, 0xFF], // Little-endian counts.
    ];

    /// <summary>A changed copy.</summary>
    public static byte[] Mutate(ReadOnlySpan<byte> content, Random random)
    {
        var mutated = new List<byte>(content.Length + MaxRepeatBytes);
        mutated.AddRange(content);
        for (var count = random.Next(1, MaxChanges + 1); count > 0 && mutated.Count > 0; count--)
        {
            var at = random.Next(mutated.Count);
            switch (random.Next(6))
            {
                case 0:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 2:
                    mutated.Insert(at, (byte)random.Next(256));
                    break;
                case 3:
                    mutated.RemoveRange(at, random.Next(1, Math.Min(MaxCutBytes, mutated.Count - at) + 1));
                    break;
                case 4:
                    mutated.RemoveAt(at);
                    mutated.InsertRange(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                default:
                    var from = random.Next(mutated.Count);
                    mutated.InsertRange(
                        at, mutated.GetRange(from, random.Next(Math.Min(MaxRepeatBytes, mutated.Count - from) + 1)));
                    break;
            }
        }

        return [.. mutated];
    }
}
