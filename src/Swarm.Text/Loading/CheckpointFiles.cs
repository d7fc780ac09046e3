using System.Globalization;
using System.Text.Json;

namespace Swarm.Text.Loading;

/// <summary>What is beside tokenizer.json in a checkpoint directory: which tokens begin and end a text, and the chat template.</summary>
internal sealed class CheckpointFiles
{
    private const long MaxBytes = 64L << 20;
    private const string DefaultTemplate = "default";

    private readonly string _directory;
    private readonly Dictionary<string, JsonPlace> _roots = new(StringComparer.Ordinal);

    /// <summary>Reads the files that are there.</summary>
    public CheckpointFiles(string directory)
    {
        _directory = directory;
        foreach (var name in new[] { "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "config.json" })
        {
            var file = Path.Combine(directory, name);
            if (File.Exists(file))
            {
                var (document, root) = JsonPlace.Read(file, MaxBytes);
                using (document)
                {
                    _roots.Add(name, root with { Element = document.RootElement.Clone() });
                }
            }
        }
    }

    /// <summary>Whether BOS begins a text, where tokenizer_config.json says so.</summary>
    public bool? AddsBegin => Find("tokenizer_config.json", "add_bos_token")?.Flag();

    /// <summary>The name of a token such as <c>bos_token</c>.</summary>
    /// <returns><see langword="null"/> where no file names it.</returns>
    public JsonPlace? TokenName(string name)
    {
        var found = Find("tokenizer_config.json", name) ?? Find("special_tokens_map.json", name);
        return found is { IsText: false } token ? token.Require("content") : found;
    }

    /// <summary>The ids that generation_config.json and config.json name as ends.</summary>
    public IEnumerable<JsonPlace> EndIds()
    {
        var config = Find("config.json", "eos_token_id") ?? Find("config.json", "text_config")?.Find("eos_token_id");
        foreach (var place in new[] { Find("generation_config.json", "eos_token_id"), config })
        {
            if (place is { } found)
            {
                foreach (var id in found.IsArray ? found.Items() : [found])
                {
                    yield return id;
                }
            }
        }
    }

    /// <summary>Checks that tokenizer_config.json names the same tokens as tokenizer.json.</summary>
    /// <param name="textOf">The text of a token of tokenizer.json; <see langword="null"/> where there is none.</param>
    public void RequireSameTokens(Func<int, string?> textOf)
    {
        foreach (var (name, place) in Find("tokenizer_config.json", "added_tokens_decoder")?.Members() ?? [])
        {
            var content = place.Require("content");
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || textOf(id) != content.Text())
            {
                throw content.Fault($"is not what tokenizer.json has as token {name}; save the tokenizer again");
            }
        }
    }

    /// <summary>The chat template with the file that it is in.</summary>
    /// <returns><see langword="null"/> where there is none.</returns>
    /// <exception cref="TextFormatException">There are several, and none is called <c>default</c>.</exception>
    public (string Text, string Source)? ChatTemplate()
    {
        var file = Path.Combine(_directory, "chat_template.jinja");
        if (File.Exists(file))
        {
            return (FileText.ReadText(file, MaxBytes), file);
        }

        if (Find("tokenizer_config.json", "chat_template") is not { } place)
        {
            return null;
        }

        if (!place.IsArray)
        {
            return (place.Text(), $"{place.File}: {place.Path}");
        }

        foreach (var item in place.Items())
        {
            if (item.Require("name").Text() == DefaultTemplate)
            {
                var template = item.Require("template");
                return (template.Text(), $"{template.File}: {template.Path}");
            }
        }

        throw place.Fault($"has no template called {DefaultTemplate}; give one that you choose to ChatTemplate.Parse");
    }

    /// <summary>The error where BOS is to begin a text and has no name.</summary>
    public TextFormatException BeginMissing() =>
        new($"{_directory}: add_bos_token of tokenizer_config.json is true, and no file names bos_token. Save the tokenizer again.");

    private JsonPlace? Find(string file, string name) => _roots.TryGetValue(file, out var root) && root.Element.ValueKind == JsonValueKind.Object
        ? root.Find(name)
        : null;
}
