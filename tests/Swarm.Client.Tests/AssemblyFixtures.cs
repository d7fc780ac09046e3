using Swarm.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(UnobservedTasks))]
