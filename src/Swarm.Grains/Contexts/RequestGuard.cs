using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Core.Settings;

namespace Swarm.Grains.Contexts;

/// <summary>Runs a context's requests within a time limit, and answers each failure as a refusal that names the context.</summary>
/// <param name="tenant">Tenant.</param>
/// <param name="context">Context name; empty where the grain's key names none.</param>
/// <param name="timeLimit">How long the store may take.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="metrics">Counts refusals.</param>
/// <param name="logger">Where failures are logged.</param>
internal sealed class RequestGuard(
    string tenant, string context, TimeSpan timeLimit, TimeProvider timeProvider, GrainsMetrics metrics, ILogger logger)
{
    /// <summary>Runs a check that throws for bad arguments.</summary>
    /// <exception cref="SwarmRefusedException">The check failed; its message is the refusal's.</exception>
    public static T Check<T>(Func<T> check)
    {
        try
        {
            return check();
        }
        catch (ArgumentException exception)
        {
            throw new SwarmRefusedException(new Refusal(RefusalCode.Invalid, SettingRules.TextOf(exception)));
        }
    }

    /// <summary>
    /// A time limit for work that goes on when its caller cancels: the caller asks again soon, and where the store is slow a context would
    /// otherwise never be open.
    /// </summary>
    public CancellationTokenSource NewLimit() => new(timeLimit, timeProvider);

    /// <summary>Runs a request.</summary>
    /// <param name="request">What it is called in metrics.</param>
    /// <param name="call">The request.</param>
    /// <param name="refuse">Makes an answer of a refusal.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>The answer; a failure is a refusal, and is counted.</returns>
    /// <exception cref="OperationCanceledException">The caller has cancelled.</exception>
    public async Task<T> RunAsync<T>(
        string request, Func<CancellationToken, Task<T>> call, Func<Refusal, T> refuse, CancellationToken cancellationToken)
    {
        T Refuse(Refusal refusal)
        {
            metrics.Refused(request, refusal.Code);
            return refuse(refusal);
        }

        using var limit = NewLimit();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await call(linked.Token);
        }
        catch (SwarmRefusedException exception)
        {
            var refusal = Named(exception.Refusal);
            if (refusal.Code == RefusalCode.Corrupt)
            {
                GrainsLog.Damaged(logger, tenant, refusal.Message);
            }

            return Refuse(refusal);
        }
        catch (SwarmTransportException exception)
        {
            GrainsLog.StoreFailed(logger, tenant, context, exception);
            return Refuse(new Refusal(
                exception.IsTransient ? RefusalCode.Unknown : RefusalCode.StoreUnavailable, exception.Message));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            GrainsLog.RequestFailed(logger, tenant, context, exception);
            return Refuse(new Refusal(
                RefusalCode.Unknown,
                $"Context '{context}': the request failed in the silo ({exception.Message}); see its log, and repeat it."));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return Refuse(new Refusal(
                RefusalCode.Unknown,
                $"Context '{context}': the store did not answer within {timeLimit}; repeat the request."));
        }
    }

    // The store knows contexts by their ids, and who asks by its name alone. In an object's name or a path the id stays.
    private Refusal Named(Refusal refusal)
    {
        if (context.Length == 0)
        {
            return refusal;
        }

        var id = ContextId.FromNames(tenant, context).ToString();
        var message = Regex.Replace(refusal.Message, $@"(?<![\w/]){Regex.Escape(id)}(?![\w/+])", _ => $"'{context}'");
        return refusal with { Message = refusal.Code == RefusalCode.Corrupt ? $"Context '{context}': {message}" : message };
    }
}
