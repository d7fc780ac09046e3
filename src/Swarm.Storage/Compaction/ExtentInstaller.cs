using Swarm.Core.Identity;
using Swarm.Storage.Hosting;

namespace Swarm.Storage.Compaction;

/// <summary>Puts other extents over the same positions in place. Runs on the store's loop.</summary>
internal static class ExtentInstaller
{
    /// <summary>Puts extents in place, if the incarnation that their objects belong to is still the present one.</summary>
    /// <param name="context">The context.</param>
    /// <param name="incarnationId">The incarnation under which their objects were written.</param>
    /// <param name="install">Does it; false when what they are to replace is not there any more.</param>
    /// <remarks>Not while a root is being written: one that names another incarnation would not name the objects.</remarks>
    public static async Task<bool> InstallAsync(ContextIncarnation context, Id128 incarnationId, Func<bool> install)
    {
        await context.RootGate.WaitAsync();
        try
        {
            return !context.IsEnding && context.Root.IncarnationId == incarnationId && install();
        }
        finally
        {
            context.RootGate.Release();
        }
    }
}
