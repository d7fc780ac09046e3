using Swarm.Gguf;

namespace Swarm.LlamaCpp.Tests;

/// <summary>Makes of a good file one with other values.</summary>
internal static class ChangedGguf
{
    /// <summary>Rewrites a file with one or two keys changed or added, and some keys or tensors left out.</summary>
    public static void Rewrite(string path, string key, GgufValue value, (string Key, GgufValue Value)? another, string[] dropped)
    {
        var writer = new GgufWriter();
        using (var file = GgufFile.Open(path))
        {
            foreach (var item in file.Metadata.Where(item => item.Key != key && item.Key != another?.Key && !dropped.Contains(item.Key)))
            {
                writer.Add(item.Key, item.Value);
            }

            writer.Add(key, value);
            if (another is { } more)
            {
                writer.Add(more.Key, more.Value);
            }

            foreach (var tensor in file.Tensors.Where(tensor => !dropped.Contains(tensor.Name)))
            {
                var bytes = new byte[tensor.ByteLength];
                file.Read(tensor.Name, bytes);
                writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, stream => stream.Write(bytes));
            }
        }

        writer.Write(path);
    }
}
