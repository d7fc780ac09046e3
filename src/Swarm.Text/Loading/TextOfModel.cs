using Swarm.Gguf;
using Swarm.Text.Tokens;

namespace Swarm.Text.Loading;

/// <summary>All text that comes with a model.</summary>
/// <param name="Rules">Its tokenizer.</param>
/// <param name="EndTokens">Tokens that end a text or a turn.</param>
/// <param name="BeginText">Text of BOS for templates; empty where there is none.</param>
/// <param name="EndText">Text of EOS for templates; empty where there is none.</param>
/// <param name="Template">The chat template and where it is; <see langword="null"/> where there is none.</param>
internal sealed record TextOfModel(TokenizerRules Rules, HashSet<int> EndTokens, string BeginText, string EndText, (string Text, string Source)? Template)
{
    /// <summary>Tokens at which a model's turn ends, whatever else a file says.</summary>
    private static readonly string[] _endsOfTurns = ["<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<end_of_turn>"];

    /// <summary>Reads a checkpoint directory or a <c>.gguf</c> file.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="TextFormatException">A file is malformed, or says what is not supported.</exception>
    public static TextOfModel Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Directory.Exists(path))
        {
            return ReadGguf(path);
        }

        var file = Path.Combine(path, "tokenizer.json");
        if (!File.Exists(file))
        {
            throw new TextFormatException(
                $"{path} has no tokenizer.json, which is needed. Where it has a tokenizer.model alone, save the tokenizer again with transformers, or use the model's GGUF file.");
        }

        return ReadDirectory(TokenizerJson.Read(file), new CheckpointFiles(path));
    }

    private static TextOfModel ReadDirectory(TokenizerRules rules, CheckpointFiles files)
    {
        files.RequireSameTokens(id => id < rules.Tokens.Length ? rules.Tokens[id]?.Text : null);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < rules.Tokens.Length; id++)
        {
            if (rules.Tokens[id] is { } token)
            {
                ids[token.Text] = id;
            }
        }

        var (begin, end) = (files.TokenName("bos_token"), files.TokenName("eos_token"));
        if (files.AddsBegin is { } addsBegin)
        {
            rules = rules with { BeginTokens = addsBegin ? [IdOf(begin ?? throw files.BeginMissing(), ids)] : [] };
        }

        var ends = files.EndIds().Select(place => place.Integer(0, rules.Tokens.Length - 1)).ToHashSet();
        if (end is { } endName)
        {
            ends.Add(IdOf(endName, ids));
        }

        AddEndsOfTurns(rules, ends);
        return new TextOfModel(rules, ends, begin?.Text() ?? "", end?.Text() ?? "", files.ChatTemplate());
    }

    private static int IdOf(JsonPlace name, Dictionary<string, int> ids) =>
        ids.TryGetValue(name.Text(), out var id) ? id : throw name.Fault("is no token of tokenizer.json");

    private static TextOfModel ReadGguf(string path)
    {
        try
        {
            using var file = GgufFile.Open(path);
            var rules = GgufVocabulary.Read(file);
            var size = rules.Tokens.Length;
            var ends = GgufVocabulary.ReadEndTokens(file, size).ToHashSet();
            AddEndsOfTurns(rules, ends);
            var template = file.Metadata.Find("tokenizer.chat_template")?.AsText();
            return new TextOfModel(
                rules,
                ends,
                TextOf(GgufVocabulary.ReadToken(file, "bos", size)),
                TextOf(GgufVocabulary.ReadToken(file, "eos", size)),
                template is null ? null : (template, $"{path}: tokenizer.chat_template"));

            string TextOf(int? id) => id is { } known ? rules.Tokens[known]!.Text : "";
        }
        catch (GgufFormatException error)
        {
            throw new TextFormatException(error.Message, error);
        }
    }

    private static void AddEndsOfTurns(TokenizerRules rules, HashSet<int> ends)
    {
        for (var id = 0; id < rules.Tokens.Length; id++)
        {
            if (rules.Tokens[id] is { IsSpecial: true } token && _endsOfTurns.Contains(token.Text))
            {
                ends.Add(id);
            }
        }
    }
}
