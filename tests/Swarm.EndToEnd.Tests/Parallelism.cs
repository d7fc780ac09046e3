using Xunit.Sdk;
using Xunit.v3;

// Each test starts processes that want all processors: side by side they would measure each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
