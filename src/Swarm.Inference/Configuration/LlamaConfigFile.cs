namespace Swarm.Inference.Configuration;

/// <summary>What a <c>config.json</c> says.</summary>
/// <param name="Config">The configuration, checked.</param>
/// <param name="NamesDType">Whether it names a type; without, <see cref="LlamaConfig.DType"/> is float32.</param>
/// <param name="Ignored">Fields that are not known and were not used, with their values.</param>
internal sealed record LlamaConfigFile(LlamaConfig Config, bool NamesDType, IReadOnlyList<string> Ignored);
