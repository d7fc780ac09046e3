namespace Swarm.Storage.Files;

/// <summary>The Linux error numbers that mean something here.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int WouldBlock = 11;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int CrossDevice = 18;
    public const int NotADirectory = 20;
    public const int IsADirectory = 21;
    public const int Invalid = 22;
    public const int TooManyFilesInSystem = 23;
    public const int TooManyFiles = 24;
    public const int FileTooBig = 27;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int NoLocks = 37;
    public const int NotImplemented = 38;
    public const int NotEmpty = 39;
    public const int NotSupported = 95;
    public const int StaleHandle = 116;
    public const int QuotaExceeded = 122;
}
