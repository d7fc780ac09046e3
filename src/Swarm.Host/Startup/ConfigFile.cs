using System.Text.Json;

namespace Swarm.Host.Startup;

/// <summary>The file of <c>--config</c>.</summary>
internal static class ConfigFile
{
    /// <summary>Reads it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="faults">Receives a sentence with the option, the file and the remedy.</param>
    /// <returns>Its settings; <see langword="null"/> where it cannot be read.</returns>
    public static IConfigurationRoot? Read(string file, List<string> faults)
    {
        try
        {
            using var content = File.OpenRead(file);
            return new ConfigurationBuilder().AddJsonStream(content).Build();
        }
        catch (JsonException exception)
        {
            faults.Add(
                $"--config {file} is not JSON: line {exception.LineNumber + 1} cannot be read; check quotation marks, commas and brackets there and before.");
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException)
        {
            faults.Add($"--config {file}: {exception.Message} Write one JSON object, with each setting once.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            faults.Add($"--config '{file}': there is no such file; name one that exists, or leave --config out.");
        }
        catch (UnauthorizedAccessException) when (Directory.Exists(file))
        {
            faults.Add($"--config '{file}' is a folder; name the JSON file in it.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add($"--config '{file}' cannot be read: {exception.Message.TrimEnd('.')}. Name a file that this process may read.");
        }

        return null;
    }
}
