using System.Net;
using System.Net.Sockets;
using Azure;
using Azure.Storage.Blobs.Models;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Azure;

/// <summary>Turns the service's errors into faults of the store that say what to look at.</summary>
internal static class AzureFault
{
    /// <summary>Whether an exception of the SDK is a fault of the store, rather than a bug or the caller's cancellation.</summary>
    public static bool Is(Exception cause, CancellationToken cancellationToken) => cause switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // The SDK's own timeout.
        AggregateException many => many.InnerExceptions.All(one => Is(one, cancellationToken)),
        _ => cause is RequestFailedException or IOException or HttpRequestException
            or SocketException, // As it is where a new connection is cut at once.
    };

    /// <summary>The fault.</summary>
    /// <param name="cause">What the SDK threw.</param>
    /// <param name="action">What was tried.</param>
    /// <param name="where">Account, container and object.</param>
    public static BlobStoreException Of(Exception cause, string action, string where)
    {
        var first = cause is AggregateException many ? many.InnerExceptions[^1] : cause;
        var (reason, isTransient) = first switch
        {
            RequestFailedException { Status: not 0 } failed => OfStatus(failed),
            OperationCanceledException => ("no answer in time: check the network, or raise NetworkTimeout", true),
            _ => ($"the service cannot be reached ({Innermost(first).Message}): check the endpoint's name and port, "
                + "the network, and that the emulator runs where one is used", true),
        };

        return new BlobStoreException($"Could not {action} {where}: {reason}.", isTransient, cause);
    }

    private static (string Reason, bool IsTransient) OfStatus(RequestFailedException failed)
    {
        var code = string.IsNullOrEmpty(failed.ErrorCode) ? "no error code" : failed.ErrorCode;
        var status = $"status {failed.Status}, {code}";
        if (failed.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            return ($"the container does not exist ({status}): create it, or let the credential create it; if it was there, it was "
                + "deleted, and is not made again while this process runs: bring it back, or restart", false);
        }

        if (failed.ErrorCode == BlobErrorCode.ContainerBeingDeleted)
        {
            return ($"the container is being deleted ({status}): wait, or use another one", true);
        }

        return (HttpStatusCode)failed.Status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                ($"the credential is refused ({status}): check the account key or the signature's rights and dates, "
                    + "the account's firewall, and this machine's clock", false),
            HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable =>
                ($"the service is busy ({status}): it goes on later; look at the account's request limits", true),
            HttpStatusCode.RequestTimeout or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway
                or HttpStatusCode.GatewayTimeout => ($"the service failed ({status}): try again", true),
            HttpStatusCode.RequestEntityTooLarge => ($"the object is too large ({status}): write smaller ones", false),
            HttpStatusCode.NotFound =>
                ($"not found ({status}): check that the endpoint is a blob service of this account", false),
            _ => ($"the service refused the request ({status})", false),
        };
    }

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception;
    }
}
