using Xunit;
using Xunit.Sdk;

// libtorch uses all processors already, and some tests count tensors and native memory.
[assembly: Parallelization(Mode = ParallelMode.None)]
