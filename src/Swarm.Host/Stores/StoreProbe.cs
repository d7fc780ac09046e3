using Swarm.Core.Settings;
using Swarm.Host.Settings;
using Swarm.Silo.Stores;
using Swarm.Storage.Azure;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;

namespace Swarm.Host.Stores;

/// <summary>Makes the store of the settings, and tries it before anything starts.</summary>
internal static class StoreProbe
{
    private static TimeSpan Limit => TimeSpan.FromSeconds(20);

    /// <summary>Opens the store, writes an object, reads it back and deletes it.</summary>
    /// <param name="settings">Which store.</param>
    /// <param name="faults">Receives what is wrong.</param>
    /// <param name="cancellationToken">Stops trying.</param>
    /// <returns>The store, or <see langword="null"/> when there was a fault.</returns>
    public static async Task<IBlobStore?> OpenAsync(
        StoreSettings settings, List<string> faults, CancellationToken cancellationToken)
    {
        IBlobStore? store = null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            store = Open(settings);
            await StoreTrial.TryAsync(store, limit.Token);
            return store;
        }
        catch (ArgumentException exception) when (exception.ParamName is { Length: > 0 })
        {
            // Named as the settings are, but for the case of its first letter.
            faults.Add($"{StoreSettings.SectionName}:{char.ToUpperInvariant(exception.ParamName[0])}{exception.ParamName[1..]}: {SettingRules.TextOf(exception)}");
        }
        catch (Exception exception)
            when (exception is BlobStoreException or ArgumentException or PlatformNotSupportedException)
        {
            faults.Add($"{StoreSettings.SectionName}: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            faults.Add($"{StoreSettings.SectionName}: the {settings.Kind} store did not answer within {Limit.TotalSeconds} s.");
        }

        (store as IDisposable)?.Dispose();
        return null;
    }

    /// <summary>Where an opened store is, without any secret.</summary>
    /// <param name="store">The store.</param>
    public static string PlaceOf(IBlobStore store) => store switch
    {
        FileBlobStore file => $"folder {file.Root}",
        AzureBlobStore azure => $"Azure account and container {azure.Place}",
        _ => store.GetType().Name,
    };

    private static IBlobStore Open(StoreSettings settings) => settings.Kind == "azure"
        ? AzureBlobStore.Connect(settings.ConnectionString, settings.Container)
        : new FileBlobStore(settings.Path);
}
