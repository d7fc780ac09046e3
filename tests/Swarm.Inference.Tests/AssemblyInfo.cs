using Xunit.Sdk;
using Xunit.v3;

// libtorch uses all processors already, and some tests count tensors and native memory.
[assembly: Parallelization(Mode = ParallelMode.None)]
