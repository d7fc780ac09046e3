using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Swarm.LlamaCpp.Native;

/// <summary>Where llama.cpp keeps the tensors of a cache: seen by the callback that a context calls for each node of a step.</summary>
internal static unsafe class CacheNodes
{
    private const string KeyPrefix = "cache_k_l";
    private const string ValuePrefix = "cache_v_l";

    // llama_decode calls back on its own thread.
    [ThreadStatic]
    private static SortedDictionary<(bool IsValue, int Layer), HashSet<nint>>? _seen;

    /// <summary>What a context takes as <c>cb_eval</c>. It never asks for a node's data, so that steps are computed as without it.</summary>
    public static nint Callback => (nint)(delegate* unmanaged[Cdecl]<nint, byte, nint, byte>)&OnNode;

    /// <summary>Runs a step and gives the addresses that nodes of the cache had, in the order of layers: keys first.</summary>
    public static IReadOnlyDictionary<(bool IsValue, int Layer), HashSet<nint>> Watch(Action step)
    {
        var seen = _seen = [];
        try
        {
            step();
            return seen;
        }
        finally
        {
            _seen = null;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnNode(nint tensor, byte asks, nint userData)
    {
        if (_seen is { } seen)
        {
            Note(seen, LlamaNative.Text(LlamaNative.TensorName(tensor)), (nint)LlamaNative.TensorData(tensor));
        }

        return 0;
    }

    private static void Note(SortedDictionary<(bool IsValue, int Layer), HashSet<nint>> seen, string name, nint data)
    {
        var isValue = name.StartsWith(ValuePrefix, StringComparison.Ordinal);
        if (data == 0 || (!isValue && !name.StartsWith(KeyPrefix, StringComparison.Ordinal)))
        {
            return;
        }

        var digits = name.AsSpan(KeyPrefix.Length);
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        if (int.TryParse(end < 0 ? digits : digits[..end], out var layer))
        {
            if (!seen.TryGetValue((isValue, layer), out var addresses))
            {
                seen[(isValue, layer)] = addresses = [];
            }

            addresses.Add(data);
        }
    }
}
