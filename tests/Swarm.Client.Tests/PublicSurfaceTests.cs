using System.Reflection;
using Swarm.Core.Sessions;
using Xunit;

namespace Swarm.Client.Tests;

/// <summary>What users of the client see: no grain message, no secret, no type of the transport or of what is stored.</summary>
public sealed class PublicSurfaceTests
{
    private static readonly string[] _internals =
        ["Swarm.Grains.Abstractions", "Swarm.DataPlane", "Swarm.DataPlane.Client", "Swarm.Format"];

    [Fact]
    public void Types_ThatUsersSee_AreOfOneNamespaceAndShowNothingFromWithin()
    {
        var types = typeof(SwarmClient).Assembly.GetExportedTypes();
        var shown = types.SelectMany(type => Signatures(type).Select(seen => (type, seen))).ToArray();

        Assert.Contains(typeof(AgentMemory), types);
        Assert.DoesNotContain(types, type => type.Namespace is not ("Swarm" or "Microsoft.Extensions.DependencyInjection"));
        Assert.DoesNotContain(
            shown, pair => _internals.Contains(pair.seen.Assembly.GetName().Name) || pair.seen == typeof(SessionSecret));
    }

    private static IEnumerable<Type> Signatures(Type type)
    {
        const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var methods = type.GetMethods(Public);
        return type.GetInterfaces().Where(one => one.IsVisible)
            .Append(type.BaseType ?? typeof(object))
            .Concat(methods.Select(method => method.ReturnType))
            .Concat(methods.SelectMany(method => method.GetParameters()).Select(parameter => parameter.ParameterType))
            .Concat(type.GetConstructors(Public).SelectMany(one => one.GetParameters()).Select(parameter => parameter.ParameterType))
            .Concat(type.GetFields(Public).Select(field => field.FieldType))
            .SelectMany(Parts);
    }

    private static IEnumerable<Type> Parts(Type type) => type.HasElementType
        ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];
}
