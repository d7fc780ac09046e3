using Microsoft.Win32.SafeHandles;

namespace Swarm.Storage.Files;

/// <summary>A file of zeros in a store's temporary folder, which becomes shorter when the volume is full and something is to make room.</summary>
/// <remarks>It is never read. A volume on which it would be much has none.</remarks>
internal sealed class SpaceReserve : IDisposable
{
    /// <summary>Its bytes.</summary>
    public const int Bytes = 1 << 20;

    /// <summary>Bytes given up at a time.</summary>
    public const int StepBytes = 16 << 10;

    private const string Name = "reserve";
    private const int FreeFactor = 16;

    private readonly string _folder;
    private readonly SafeFileHandle? _file;
    private readonly Lock _gate = new();
    private long _length;

    private SpaceReserve(string folder, SafeFileHandle? file)
    {
        _folder = folder;
        _file = file;
    }

    /// <summary>Makes it, if there is room.</summary>
    /// <param name="folder">The temporary folder.</param>
    public static SpaceReserve Make(string folder)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(Path.Combine(folder, Name), FileMode.Create, FileAccess.Write);
        }
        catch (Exception exception) when (FileFault.Is(exception))
        {
            // The volume is full already, or takes no files: whoever writes next says so.
        }

        var reserve = new SpaceReserve(folder, file);
        reserve.Replenish();
        return reserve;
    }

    /// <summary>Gives up a step of it.</summary>
    /// <returns>False: nothing is left.</returns>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_file is null || _length == 0)
            {
                return false;
            }

            var length = Math.Max(0, _length - StepBytes);
            try
            {
                RandomAccess.SetLength(_file, length);
            }
            catch (Exception exception) when (FileFault.Is(exception) || exception is ObjectDisposedException)
            {
                return false;
            }

            _length = length;
            return true;
        }
    }

    /// <summary>Makes it whole again, if the volume has much more room than it takes.</summary>
    public void Replenish()
    {
        lock (_gate)
        {
            try
            {
                if (_file is not null && _length < Bytes && new DriveInfo(_folder).AvailableFreeSpace >= FreeFactor * (long)Bytes)
                {
                    RandomAccess.Write(_file, new byte[Bytes - _length], _length);
                    _length = Bytes;
                }
            }
            catch (Exception exception) when (FileFault.Is(exception) || exception is ObjectDisposedException)
            {
                // As much as there was before.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
