using System.Text.Json.Nodes;
using Swarm.Inference.Configuration;
using Swarm.Inference.Weights;

namespace Swarm.Inference.Tests;

/// <summary>A model's directory that a test changes as other people's tools do; deleted with the test.</summary>
internal sealed class ModelFolder : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public string Path => _directory.Path;

    public string ConfigPath => File("config.json");

    public string WeightsPath => File(WeightFiles.SingleName);

    public string IndexPath => File(WeightFiles.IndexName);

    public string File(string name) => _directory.File(name);

    /// <summary>Writes a model, without some of its tensors and with others.</summary>
    public void Write(LlamaModel model, string[]? without = null, params (string Name, string DType, long[] Shape, byte[] Bytes)[] extra)
    {
        System.IO.File.WriteAllText(ConfigPath, LlamaConfigJson.Write(model.Config));
        SafetensorsWriter.Write(
            WeightsPath,
            [
                .. LlamaTensors.All(model.Config).Where(item => without?.Contains(item.Name) != true).Select(item => Item(model, item.Name)),
                .. extra.Select(item => new SafetensorsWriter.Item(
                    item.Name, item.DType, item.Shape, item.Bytes.Length, stream => stream.Write(item.Bytes))),
            ]);
    }

    /// <summary>Writes a model as two shards with an index, as Hugging Face does.</summary>
    public void WriteShards(LlamaModel model)
    {
        var map = new JsonObject();
        var items = LlamaTensors.All(model.Config).Select((item, index) => (item.Name, Shard: (index % 2) + 1)).ToArray();
        foreach (var group in items.GroupBy(item => item.Shard))
        {
            var name = Shard(group.Key);
            SafetensorsWriter.Write(File(name), [.. group.Select(item => Item(model, item.Name))]);
            foreach (var item in group)
            {
                map[item.Name] = name;
            }
        }

        System.IO.File.WriteAllText(ConfigPath, LlamaConfigJson.Write(model.Config));
        System.IO.File.WriteAllText(IndexPath, new JsonObject { ["weight_map"] = map }.ToJsonString());
    }

    /// <summary>Name of a shard, 1 or 2.</summary>
    public static string Shard(int number) => $"model-0000{number}-of-00002.safetensors";

    /// <summary>Changes fields of config.json; null removes one.</summary>
    public void Configure(params (string Field, JsonNode? Value)[] fields)
    {
        var config = JsonNode.Parse(System.IO.File.ReadAllText(ConfigPath))!.AsObject();
        foreach (var (field, value) in fields)
        {
            config.Remove(field);
            if (value is not null)
            {
                config[field] = value;
            }
        }

        System.IO.File.WriteAllText(ConfigPath, config.ToJsonString());
    }

    /// <summary>The error of loading it, which is the error of inspecting it too.</summary>
    public string LoadFault()
    {
        var inspected = Xunit.Assert.Throws<ModelFormatException>(() => LlamaModel.Inspect(Path, out _));
        var loaded = Xunit.Assert.Throws<ModelFormatException>(() => LlamaModel.Load(Path));
        Xunit.Assert.Equal(inspected.Message, loaded.Message);
        return loaded.Message;
    }

    public void Dispose() => _directory.Dispose();

    private static SafetensorsWriter.Item Item(LlamaModel model, string name)
    {
        var tensor = model.Tensors[name];
        var dtype = tensor.dtype == TorchSharp.torch.ScalarType.BFloat16 ? "BF16" : "F32";
        return new SafetensorsWriter.Item(
            name, dtype, tensor.shape, tensor.NumberOfElements * tensor.ElementSize, stream => stream.Write(tensor.bytes));
    }
}
