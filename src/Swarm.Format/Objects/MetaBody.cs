namespace Swarm.Format.Objects;

/// <summary>Reads one kind of meta.</summary>
internal delegate T MetaBody<out T>(ref MetaReader reader);
