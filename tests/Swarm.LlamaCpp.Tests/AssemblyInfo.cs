using Xunit.Sdk;
using Xunit.v3;

// Each step uses all threads it is given, and what is compared are bits, not times.
[assembly: Parallelization(Mode = ParallelMode.None)]
