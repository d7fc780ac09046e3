using Xunit;

namespace Swarm.Core.Tests.Architecture;

/// <summary>A type's name says which one it is, in whatever project.</summary>
public sealed class TypeNameTests
{
    [Fact]
    public void Types_OfAllProjects_HaveNamesOfTheirOwn()
    {
        var shared = SourceFile.All().SelectMany(Declared)
            .Distinct() // Parts of one type, and a type with type parameters beside the one without.
            .GroupBy(found => found.Type, found => found.Place)
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key} is in {string.Join(" and in ", group)}.")
            .ToArray();

        Assert.True(shared.Length == 0, string.Join(Environment.NewLine, shared));
    }

    [Fact]
    public void Declared_TypesAndNestedTypes_AreFound()
    {
        var file = new SourceFile("P", "A/Outer.Part.cs", """
            namespace P.A;

            /// <summary>Not a class Documented.</summary>
            internal sealed partial class Outer<T>(int size) : IOuter
                where T : struct
            {
                private const string Text = "\n    class Quoted { }";

                private readonly record struct Inner(int Value);

                private bool Is(object record) =>
                    record is Inner;
            }
            """);

        Assert.Equal([("Outer", "P: P.A"), ("Inner", "P: P.A.Outer")], Declared(file));
    }

    private static IEnumerable<(string Type, string Place)> Declared(SourceFile file)
    {
        var outer = Path.GetFileName(file.Path).Split('.')[0];
        return file.Types.Select(type => (type, $"{file.Project}: {file.Namespace}"))
            .Concat(file.NestedTypes.Select(type => (type, $"{file.Project}: {file.Namespace}.{outer}")));
    }
}
