using System.Runtime.InteropServices;

namespace Swarm.Inference.Model;

/// <summary>The model of a GPU, asked of its driver.</summary>
internal static partial class GpuName
{
    private const int MaxBytes = 128;

    /// <summary>Asks for it.</summary>
    /// <param name="device">Number of the GPU.</param>
    /// <returns>The name, or <see langword="null"/> where the driver does not tell.</returns>
    public static string? TryRead(int device)
    {
        try
        {
            var name = new byte[MaxBytes];
            return GetName(name, name.Length, Math.Max(0, device)) == 0
                ? System.Text.Encoding.ASCII.GetString(name).TrimEnd('\0')
                : null;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libcuda.so.1", EntryPoint = "cuDeviceGetName")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetName([Out] byte[] name, int length, int device);
}
