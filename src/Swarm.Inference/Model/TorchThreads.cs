using Swarm.Inference.Model;
using TorchSharp;

namespace Swarm.Inference;

/// <summary>How many threads libtorch uses: part of what makes the same steps give the same bits.</summary>
public static class TorchThreads
{
    private static readonly Lock Gate = new();
    private static int _threads;

    /// <summary>Threads in use; 0 before the first model was made.</summary>
    public static int Count => Volatile.Read(ref _threads);

    /// <summary>Sets the number of threads for this process. Only before the first model is made.</summary>
    /// <param name="threads">1 to 1,024.</param>
    /// <exception cref="InvalidOperationException">Another number is in use already.</exception>
    /// <exception cref="DllNotFoundException">libtorch cannot be loaded; the message says why, and what to do.</exception>
    public static void Set(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        lock (Gate)
        {
            if (_threads != 0 && _threads != threads)
            {
                throw new InvalidOperationException(
                    $"libtorch uses {_threads} threads already; set the number before the first model is made.");
            }

            if (_threads == 0)
            {
                TorchNatives.Load();
                torch.set_num_threads(threads);
                Volatile.Write(ref _threads, threads);
            }
        }
    }

    /// <summary>Settles on one thread for each processor, unless a number was set before.</summary>
    internal static void Ensure()
    {
        if (Count == 0)
        {
            Set(Environment.ProcessorCount);
        }
    }
}
