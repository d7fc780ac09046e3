using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Swarm.Core.Identity;
using Swarm.Gguf;

namespace Swarm.LlamaCpp.Files;

/// <summary>The canonical texts of a model, for its descriptor: made of the file's keys, and the same for the same keys in whatever order.</summary>
internal static class ModelText
{
    private const int MaxValueCharacters = 256;
    private const int MaxConfigCharacters = 48 << 10;

    private static readonly string[] _ignored = ["general.", "tokenizer.", "quantize.", "split."];

    /// <summary>The keys that shape the computation, one on a line: all but names, the vocabulary, and how the file was made.</summary>
    public static string Config(GgufFile file, string cache)
    {
        var lines = file.Metadata
            .Where(item => item.Key == "general.architecture" || !_ignored.Any(prefix => item.Key.StartsWith(prefix, StringComparison.Ordinal)))
            .OrderBy(item => item.Key, StringComparer.Ordinal)
            .Select(item => $"{item.Key}={Value(item.Value)}");
        var text = string.Join('\n', ["engine=llama.cpp", .. lines]);
        return $"{(text.Length <= MaxConfigCharacters ? text : $"sha256:{Digest256.Sha256(Encoding.UTF8.GetBytes(text))}")}\n{cache}";
    }

    /// <summary>The keys of the position encoding.</summary>
    public static string Positions(GgufFile file, string architecture, int ropeType)
    {
        var prefix = $"{architecture}.rope.";
        var keys = file.Metadata
            .Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(item => item.Key, StringComparer.Ordinal)
            .Select(item => $"{item.Key[prefix.Length..]}={Value(item.Value)}");
        return string.Join("; ", [string.Create(CultureInfo.InvariantCulture, $"llama.cpp rope type {ropeType}"), .. keys]);
    }

    /// <summary>Digest of the vocabulary and its rules; <c>none</c> where the file has none.</summary>
    public static string Tokenizer(GgufFile file)
    {
        if (file.Metadata.Find("tokenizer.ggml.tokens") is null)
        {
            return "none";
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (key, value) in file.Metadata
            .Where(item => item.Key.StartsWith("tokenizer.", StringComparison.Ordinal) && !item.Key.StartsWith("tokenizer.chat_template", StringComparison.Ordinal))
            .OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{key}|{value.Type}|{value.ElementType}|{value.Count}|{value.Encoded.Length}|")));
            hash.AppendData(value.Encoded.Span);
        }

        return $"gguf-sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    // Numbers by their value, whatever their width; texts that are short and plain as they are, and all that is long by its digest.
    private static string Value(GgufValue value)
    {
        var text = value.ElementType switch
        {
            GgufValueType.Text => value.Type == GgufValueType.Text ? value.AsText() : "\n",
            GgufValueType.Bool => string.Join(',', value.Type == GgufValueType.Array ? value.AsFlags() : [value.AsFlag()]),
            _ => string.Join(
                ',',
                (value.Type == GgufValueType.Array ? value.AsNumbers() : [value.AsNumber()]).Select(number => number.ToString("R", CultureInfo.InvariantCulture))),
        };
        return text.Length > MaxValueCharacters || text.Any(char.IsControl)
            ? $"{value.ElementType}[{value.Count}] sha256:{Digest256.Sha256(value.Encoded.Span)}"
            : text;
    }
}
