namespace Swarm.Storage.Azure;

/// <summary>Checks a connection string and a container name before the SDK sees them. No message repeats a value that may be secret.</summary>
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

    /// <summary>Checks a connection string.</summary>
    /// <exception cref="ArgumentException">A part is wrong or missing; the message says which.</exception>
    public static void Check(string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        if (Fault(connectionString) is { } fault)
        {
            throw new ArgumentException($"The Azure connection string is wrong: {fault}. {Remedy}.", nameof(connectionString));
        }
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

    private static string? Fault(string connectionString)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var pieces = connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        for (var i = 0; i < pieces.Length; i++)
        {
            var equals = pieces[i].IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                return $"part {i + 1} of {pieces.Length} is not 'Name=value'";
            }

            var name = pieces[i][..equals];
            if (!KnownParts.Contains(name))
            {
                return $"part {i + 1} of {pieces.Length} has a name that is not known";
            }

            if (!parts.TryAdd(name, pieces[i][(equals + 1)..]))
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
            return Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                ? null
                : "BlobEndpoint is not an absolute http or https address";
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

        return parts.ContainsKey("SharedAccessSignature")
            ? null
            : "neither AccountKey nor SharedAccessSignature is there";
    }
}
