using System.Text;

namespace Swarm.Text.Loading;

/// <summary>Reads files of a checkpoint, none longer than what is expected of it.</summary>
internal static class FileText
{
    /// <summary>Reads a file's bytes.</summary>
    /// <exception cref="TextFormatException">It is longer than <paramref name="mostBytes"/>.</exception>
    public static byte[] ReadBytes(string file, long mostBytes)
    {
        using var stream = File.OpenRead(file);
        if (stream.Length > mostBytes)
        {
            throw new TextFormatException($"{file} has {stream.Length} bytes; up to {mostBytes} are supported. It is no such file, or is damaged.");
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Reads a text in UTF-8.</summary>
    /// <exception cref="TextFormatException">It is longer than <paramref name="mostBytes"/>, or no UTF-8.</exception>
    public static string ReadText(string file, long mostBytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(ReadBytes(file, mostBytes)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException error)
        {
            throw new TextFormatException($"{file} is no UTF-8. Download it again.", error);
        }
    }
}
