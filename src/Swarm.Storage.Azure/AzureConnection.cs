namespace Swarm.Storage.Azure;

/// <summary>Reads a connection string and a container name before the SDK sees them. No message repeats a value that may be secret.</summary>
internal static class AzureConnection
{
    private const string Remedy =
        "A connection string looks like 'DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;"
        + "EndpointSuffix=core.windows.net', or has BlobEndpoint and SharedAccessSignature";

    private static readonly HashSet<string> KnownParts = new(StringComparer.OrdinalIgnoreCase)
    {
        "DefaultEndpointsProtocol", "AccountName", "AccountKey", "EndpointSuffix", "SharedAccessSignature",
        "BlobEndpoint", "BlobSecondaryEndpoint", "QueueEndpoint", "QueueSecondaryEndpoint", "TableEndpoint",
        "TableSecondaryEndpoint", "FileEndpoint", "FileSecondaryEndpoint", "UseDevelopmentStorage",
        "DevelopmentStorageProxyUri",
    };

    // White space, and what copying from a web page leaves: a byte order mark, zero-width spaces.
    private static readonly char[] Around = [' ', '\t', '\r', '\n', '\u00A0', '\uFEFF', '\u200B'];

    /// <summary>Reads a connection string. White space and quotation marks around it, and around its parts, are taken off.</summary>
    /// <returns>The connection string as the SDK reads it.</returns>
    /// <exception cref="ArgumentException">A part is wrong or missing; the message says which.</exception>
    public static string Read(string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (Fault(Bare(connectionString), parts) is { } fault)
        {
            throw new ArgumentException($"The Azure connection string is wrong: {fault}{(fault.EndsWith('?') ? "" : ".")} {Remedy}.", nameof(connectionString));
        }

        return string.Join(';', parts.Select(part => $"{part.Key}={part.Value}"));
    }

    /// <summary>Whether a text was surely meant as a connection string, right or wrong: then it may hold a secret.</summary>
    public static bool IsMeant(string text)
    {
        var bare = Bare(text);
        return IsAddress(bare)
            || bare.Contains("AccountKey", StringComparison.OrdinalIgnoreCase)
            || bare.Contains("sig=", StringComparison.OrdinalIgnoreCase)
            || bare.Split(';').Any(piece => piece.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals
                && KnownParts.Contains(Bare(piece[..equals])));
    }

    /// <summary>Checks a container name.</summary>
    /// <exception cref="ArgumentException">It breaks a rule of the service.</exception>
    public static void CheckContainer(string container)
    {
        ArgumentNullException.ThrowIfNull(container);
        if (container.Length is < 3 or > 63
            || container.Any(character => character is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-'))
            || container.StartsWith('-')
            || container.EndsWith('-')
            || container.Contains("--", StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"'{container}' is not a container name: 3 to 63 characters of [a-z0-9-], no hyphen first, last or twice.",
                nameof(container));
        }
    }

    private static bool IsAddress(string text) =>
        text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static string Bare(string text)
    {
        text = text.Trim(Around);
        return text.Length > 1 && text[0] == text[^1] && text[0] is '"' or '\'' ? text[1..^1].Trim(Around) : text;
    }

    private static string? Fault(string connectionString, Dictionary<string, string> parts)
    {
        if (connectionString.StartsWith('"') || connectionString.StartsWith('\''))
        {
            return "it begins with a quotation mark that has no end";
        }

        if (IsAddress(connectionString))
        {
            return "it is an address: what stands before the container is the BlobEndpoint, what follows '?' the SharedAccessSignature";
        }

        var pieces = connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        for (var i = 0; i < pieces.Length; i++)
        {
            var equals = pieces[i].IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                return $"part {i + 1} of {pieces.Length} is not 'Name=value'";
            }

            var name = Bare(pieces[i][..equals]);
            if (!KnownParts.Contains(name))
            {
                return $"part {i + 1} of {pieces.Length} has a name that is not known";
            }

            var value = Bare(pieces[i][(equals + 1)..]);
            if (value.Any(character => char.IsWhiteSpace(character) || char.IsControl(character) || character is '"' or '\''))
            {
                return $"{name} has white space or a quotation mark in it; was it wrapped, or copied with too much?";
            }

            if (!parts.TryAdd(name, value))
            {
                return $"{name} is given twice";
            }
        }

        if (parts.ContainsKey("UseDevelopmentStorage"))
        {
            return null;
        }

        return EndpointFault(parts) ?? CredentialFault(parts);
    }

    private static string? EndpointFault(Dictionary<string, string> parts)
    {
        if (parts.TryGetValue("BlobEndpoint", out var endpoint))
        {
            if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                return "BlobEndpoint is not an absolute http or https address";
            }

            return uri.Query.Length == 0
                ? null
                : "BlobEndpoint has a query; what follows '?' is the SharedAccessSignature";
        }

        if (!parts.TryGetValue("AccountName", out var account) || account.Length == 0)
        {
            return "AccountName is missing, and there is no BlobEndpoint";
        }

        return parts.TryGetValue("DefaultEndpointsProtocol", out var protocol) && protocol is not ("http" or "https")
            ? "DefaultEndpointsProtocol is neither http nor https"
            : null;
    }

    private static string? CredentialFault(Dictionary<string, string> parts)
    {
        if (parts.TryGetValue("AccountKey", out var key))
        {
            var bytes = new byte[key.Length];
            if (key.Length == 0 || !Convert.TryFromBase64String(key, bytes, out _))
            {
                return "AccountKey is not base64 text; was it cut off?";
            }

            return parts.ContainsKey("AccountName") ? null : "AccountKey is there, AccountName is missing";
        }

        if (!parts.TryGetValue("SharedAccessSignature", out var signature))
        {
            return "neither AccountKey nor SharedAccessSignature is there";
        }

        return signature.Contains("sig=", StringComparison.Ordinal)
            ? null
            : "SharedAccessSignature has no 'sig='; was it cut off?";
    }
}
