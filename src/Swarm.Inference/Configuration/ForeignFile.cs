using System.Text;

namespace Swarm.Inference.Configuration;

/// <summary>Says what a file is that is not what its name says: what downloads and clones leave in a model's place.</summary>
internal static class ForeignFile
{
    /// <summary>Bytes of the file's beginning that are looked at.</summary>
    public const int HeadBytes = 256;

    private const int ShownCharacters = 60;

    /// <summary>Tells what the file is.</summary>
    /// <param name="head">Its first bytes, at most <see cref="HeadBytes"/>; fewer only where the file is shorter.</param>
    /// <returns>What it is and what to do, as the end of a sentence that begins with its path; or null if it is unknown.</returns>
    public static string? Describe(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
        {
            return "is empty; download it again";
        }

        if (head.StartsWith("version https://git-lfs.github.com/spec/"u8))
        {
            return "is a Git LFS pointer, not the file itself; fetch that with 'git lfs pull'";
        }

        if (head.StartsWith("GGUF"u8))
        {
            return "is a GGUF file; the model's safetensors files are needed";
        }

        if (head.StartsWith("PK\u0003\u0004"u8) || head is [0x80, >= 2 and <= 5, ..])
        {
            return "is a ZIP archive or a pickle, as PyTorch's .bin files are; the model's safetensors files are needed";
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
        {
            return "is compressed with gzip; decompress it";
        }

        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            return "is UTF-16 text; UTF-8 is needed";
        }

        return DescribeText(head);
    }

    private static string? DescribeText(ReadOnlySpan<byte> head)
    {
        var text = head.TrimStart((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF, (byte)' ', (byte)'\t', (byte)'\r', (byte)'\n']);
        if (text is [(byte)'<', ..])
        {
            return $"is a page of HTML or XML ('{Shown(text)}'), which a failed download leaves; download it again";
        }

        var isText = !head.ContainsAnyInRange((byte)0, (byte)8) && !head.ContainsAnyInRange((byte)0x0E, (byte)0x1F)
            && !head.ContainsAnyInRange((byte)0x7F, (byte)0xFF);
        return isText ? $"is text ('{Shown(text)}'); download it again" : null;
    }

    private static string Shown(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAny((byte)'\r', (byte)'\n');
        var line = Encoding.ASCII.GetString(end < 0 ? text : text[..end]);
        return line.Length <= ShownCharacters ? line : line[..ShownCharacters] + "…";
    }
}
