namespace Swarm.Host.Settings;

/// <summary>Tells a user which setting a wrong name may mean.</summary>
internal static class SettingNames
{
    /// <summary>Says that a name is none of a setting.</summary>
    /// <param name="path">What was given, such as <c>Swarm:Tiers:MemoryTierByte</c>.</param>
    /// <param name="known">The names that there are.</param>
    /// <returns>One sentence, with the nearest name if one is near.</returns>
    public static string Unknown(string path, IEnumerable<string> known)
    {
        var (section, leaf) = Split(path);
        if (Distance(section, HostSettings.TenantsSectionName) <= 2)
        {
            known = [$"{HostSettings.TenantsSectionName}:{leaf}"];
        }

        var nearest = known.MinBy(name => (2 * Distance(Split(name).Leaf, leaf)) + Distance(Split(name).Section, section))!;
        var found = Split(nearest).Leaf;
        var isNear = Distance(found, leaf) <= Math.Max(1, Math.Max(found.Length, leaf.Length) / 3);
        return isNear
            ? $"{path} is not a setting; is {nearest} meant? --help lists all."
            : $"{path} is not a setting; --help lists all.";
    }

    private static (string Section, string Leaf) Split(string path) =>
        path.LastIndexOf(':') is > 0 and var colon ? (path[..colon], path[(colon + 1)..]) : ("", path);

    // Levenshtein's, one row at a time.
    private static int Distance(string left, string right)
    {
        (left, right) = (left.ToUpperInvariant(), right.ToUpperInvariant());
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var substituted = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
