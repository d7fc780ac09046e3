using System.Text.RegularExpressions;

namespace Swarm.Core.Tests.Architecture;

/// <summary>One C# file of a project, as far as its names go.</summary>
internal sealed partial class SourceFile
{
    private readonly HashSet<string> _names;
    private readonly HashSet<string> _qualified;

    /// <summary>Reads a file's text.</summary>
    /// <param name="project">Project that it is in, whose name is its root namespace.</param>
    /// <param name="path">Its path in the project, with slashes.</param>
    /// <param name="text">The text.</param>
    public SourceFile(string project, string path, string text)
    {
        (Project, Path) = (project, path);
        var code = CommentOrString().Replace(text, match => match.Value[0] == '/' ? "" : HolesOf(match.Value));
        Namespace = NamespaceLine().Match(code) is { Success: true } line ? line.Groups[1].Value : "";
        Types = [.. TypeLine().Matches(code).Select(match => match.Groups[1].Value)];
        NestedTypes = [.. NestedTypeLine().Matches(code).Select(match => match.Groups[1].Value)];
        Usings = [.. UsingLine().Matches(code).Select(match => match.Groups[1].Value)];
        var body = UsingLine().Replace(code, "");
        _names = [.. Name().Matches(body).Select(match => match.Value)];
        _qualified = [.. QualifiedName().Matches(body).Select(match => $"{match.Groups[1].Value}.{match.Groups[2].Value}")];
    }

    /// <summary>Its project.</summary>
    public string Project { get; }

    /// <summary>Its path in the project.</summary>
    public string Path { get; }

    /// <summary>Its namespace; empty where it has none.</summary>
    public string Namespace { get; }

    /// <summary>The types that it declares, without those that are nested in others.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>The types that it declares in others.</summary>
    public IReadOnlyList<string> NestedTypes { get; }

    /// <summary>What its <c>using</c> directives name.</summary>
    public IReadOnlyList<string> Usings { get; }

    /// <summary>
    /// Its folder; where it is in the project's root, the file itself. The root has what all folders share, as log messages and
    /// settings, and what uses all of them: two layers, which are told apart by the file alone.
    /// </summary>
    public string Place => Path.Contains('/', StringComparison.Ordinal) ? Path[..Path.LastIndexOf('/')] : Path;

    /// <summary>Whether it names a type, and that name can be the type's: by a directive, by nesting, or by a part of its namespace.</summary>
    public bool Uses(string type, string itsNamespace) =>
        _names.Contains(type) && (
            Usings.Contains(itsNamespace)
            || $"{Namespace}.".StartsWith($"{itsNamespace}.", StringComparison.Ordinal)
            || _qualified.Contains($"{itsNamespace[(itsNamespace.LastIndexOf('.') + 1)..]}.{type}"));

    /// <summary>Every file of all projects, other than the tests' own.</summary>
    public static IReadOnlyList<SourceFile> All()
    {
        var root = Repository.Root;
        return [.. Directory.GetDirectories(System.IO.Path.Combine(root, "src"))
            .Concat(Directory.GetDirectories(System.IO.Path.Combine(root, "simulations")))
            .SelectMany(project => Directory.GetFiles(project, "*.cs", SearchOption.AllDirectories)
                .Select(file => (
                    Project: System.IO.Path.GetFileName(project),
                    Path: System.IO.Path.GetRelativePath(project, file).Replace('\\', '/'),
                    File: file)))
            .Where(found => !found.Path.StartsWith("obj/", StringComparison.Ordinal)
                && !found.Path.StartsWith("bin/", StringComparison.Ordinal))
            .OrderBy(found => found.Project, StringComparer.Ordinal)
            .ThenBy(found => found.Path, StringComparer.Ordinal)
            .Select(found => new SourceFile(found.Project, found.Path, File.ReadAllText(found.File)))];
    }

    /// <summary>Of a string, the code in its interpolations.</summary>
    private static string HolesOf(string literal) => string.Join(' ', Hole().Matches(literal).Select(match => match.Value));

    [GeneratedRegex("""
        //[^\n]*|/\*[\s\S]*?\*/|"{3}[\s\S]*?"{3}|@"(?:[^"]|"")*"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'
        """)]
    private static partial Regex CommentOrString();

    [GeneratedRegex(@"\{[^{}]*")]
    private static partial Regex Hole();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^using (?:static )?(?:\w+ = )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    [GeneratedRegex(
        @"^(?:(?:public|internal|file|static|sealed|abstract|partial|readonly|unsafe|ref) )*(?:class|interface|enum|record struct|record class|record|struct|delegate [\w<>\[\],.? ]+?) (\w+)(?=[^\w])",
        RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(
        @"^ +(?:(?:public|internal|private|protected|static|sealed|abstract|partial|readonly|unsafe|ref|new) )*(?:class|interface|enum|record struct|record class|record|struct) (\w+)(?=\s*[({<:;\n])",
        RegexOptions.Multiline)]
    private static partial Regex NestedTypeLine();

    [GeneratedRegex(@"\b[A-Za-z_]\w*\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"\b(\w+)\s*\.\s*(?=(\w+)\b)")]
    private static partial Regex QualifiedName();
}
