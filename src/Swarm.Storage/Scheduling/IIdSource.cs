using Swarm.Core.Identity;

namespace Swarm.Storage.Scheduling;

/// <summary>Where fresh ids come from: the one source of randomness in this project.</summary>
public interface IIdSource
{
    /// <summary>An id that was never given before, by anybody.</summary>
    /// <returns>A random id.</returns>
    Id128 Next();

    /// <summary>A writer's id: fresh as well, and later ones sort behind earlier ones.</summary>
    /// <returns>48 bits of time in milliseconds, then random bits.</returns>
    Id128 NextWriter();
}
