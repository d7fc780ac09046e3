using Swarm.EndToEnd.Agent;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>Holds the promises against what was recorded; knows nothing of what was broken when.</summary>
internal static class HistoryChecker
{
    /// <summary>Checks the histories of all processes.</summary>
    /// <param name="events">The events, of each process in its order.</param>
    /// <param name="violations">Receives one sentence for each broken promise.</param>
    /// <returns>What each context must hold now.</returns>
    public static IReadOnlyDictionary<string, ContextModel> Check(
        IEnumerable<HistoryEvent> events, List<string> violations)
    {
        Dictionary<string, ContextModel> models = [];
        foreach (var context in events.Where(item => item.Context.Length > 0).GroupBy(item => item.Context))
        {
            var model = new ContextModel(context.Key, violations);
            models.Add(context.Key, model);
            foreach (var session in Sessions(context).OrderBy(session => session[0].Epoch))
            {
                model.Follow(session);
            }
        }

        return models;
    }

    /// <summary>A session is what a process recorded of a context from one opening to the next.</summary>
    private static List<List<HistoryEvent>> Sessions(IEnumerable<HistoryEvent> events)
    {
        List<List<HistoryEvent>> sessions = [];
        foreach (var process in events.GroupBy(item => item.Process))
        {
            List<HistoryEvent>? session = null;
            foreach (var item in process)
            {
                if (item.Kind == EventKind.Opened)
                {
                    sessions.Add(session = []);
                }

                // Attached before it is opened: while it reads.
                session?.Add(item);
            }
        }

        return sessions;
    }
}
