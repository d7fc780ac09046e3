using System.Globalization;
using System.IO.Hashing;
using Swarm.Core.Contexts;

namespace Swarm.Storage.Tiers;

/// <summary>The files of a <see cref="DiskTier"/>: a payload each, under its name. Nothing is flushed. Thread-safe; one process uses a folder at a time.</summary>
internal sealed class DiskFolder : IDisposable
{
    private const int PieceBytes = 256 << 10;
    private const string LockName = "lock";
    private const string Extension = ".kv";

    private readonly FileStream _lockFile;

    /// <summary>Opens a folder.</summary>
    /// <param name="path">The folder; made where missing, readable by its owner alone.</param>
    /// <exception cref="IOException">It cannot be used, or another process uses it; the message says what to do.</exception>
    public DiskFolder(string path)
    {
        Root = Path.GetFullPath(path);
        if (File.Exists(Root))
        {
            throw new IOException($"The disk tier's folder '{Root}' is a file. Give each silo a folder of its own that it may write to.");
        }

        try
        {
            Make(Root);
            _lockFile = new FileStream(Path.Combine(Root, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The disk tier's folder '{Root}' cannot be used: {error.Message} Give each silo a folder of its own that it may write to.",
                error);
        }
    }

    /// <summary>The folder, absolute.</summary>
    public string Root { get; }

    /// <summary>The payloads that an earlier process left, oldest first; what else is there is deleted.</summary>
    /// <param name="minBytes">Smaller ones are deleted too.</param>
    public List<DiskFile> Adopt(int minBytes)
    {
        List<DiskFile> adopted = [];
        foreach (var file in new DirectoryInfo(Root).EnumerateFiles().OrderBy(file => file.LastWriteTimeUtc))
        {
            if (file.Extension == Extension
                && UInt128.TryParse(
                    Path.GetFileNameWithoutExtension(file.Name), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var name)
                && file.Length >= minBytes
                && file.Length <= int.MaxValue)
            {
                adopted.Add(new DiskFile(name, (int)file.Length, IsKnown: false));
            }
            else if (file.Name != LockName)
            {
                TryDelete(file.FullName); // Half written by a process that is gone.
            }
        }

        return adopted;
    }

    /// <summary>The file of a payload.</summary>
    public string PathOf(UInt128 name) => Path.Combine(Root, name.ToString("x32", CultureInfo.InvariantCulture) + Extension);

    /// <summary>Writes a payload.</summary>
    /// <returns>Why that failed, or <see langword="null"/>.</returns>
    public string? Write(UInt128 name, ReadOnlySpan<byte> content)
    {
        var path = PathOf(name);
        var temporary = path + ".new";
        try
        {
            using (var handle = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
            {
                RandomAccess.Write(handle, content, 0);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            return error.Message;
        }

        return null;
    }

    /// <summary>Reads a payload.</summary>
    /// <param name="name">The payload.</param>
    /// <param name="checksum">What it is held against; <see langword="null"/> for no check.</param>
    /// <param name="destination">Receives it: exactly its length.</param>
    /// <returns>What is wrong with it, or <see langword="null"/>.</returns>
    public string? Read(UInt128 name, ulong? checksum, Span<byte> destination)
    {
        try
        {
            using var handle = File.OpenHandle(PathOf(name));
            var length = RandomAccess.GetLength(handle);
            if (length != destination.Length)
            {
                return $"it has {length} bytes instead of {destination.Length}";
            }

            // Piece by piece, so that what is hashed is still in the cache.
            var hash = checksum is null ? null : new XxHash3();
            for (var count = 0; count < destination.Length;)
            {
                var read = RandomAccess.Read(handle, destination.Slice(count, Math.Min(PieceBytes, destination.Length - count)), count);
                if (read == 0)
                {
                    return $"it ends at {count} of {destination.Length} bytes";
                }

                hash?.Append(destination.Slice(count, read));
                count += read;
            }

            return hash?.GetCurrentHashAsUInt64() == checksum ? null : "its content fails the checksum";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    /// <summary>Opens the file of a payload, for sending it from there. The caller disposes it.</summary>
    /// <returns>The file, or what is wrong with it.</returns>
    public (KvFile? File, string? Fault) Open(UInt128 name, int length)
    {
        try
        {
            var file = KvFile.Open(PathOf(name), 0, length);
            var there = file.Stream.Length;
            if (there == length)
            {
                return (file, null);
            }

            file.Dispose();
            return (null, $"it has {there} bytes instead of {length}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (null, error.Message);
        }
    }

    /// <summary>Deletes a payload, if that is possible.</summary>
    public void TryDelete(UInt128 name) => TryDelete(PathOf(name));

    /// <summary>Lets go of the folder; its files stay for the next process.</summary>
    public void Dispose() => _lockFile.Dispose();

    private static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Adopted or deleted by the next one.
        }
    }
}
