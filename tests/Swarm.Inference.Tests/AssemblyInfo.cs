using Xunit;

// libtorch uses all processors already, and some tests count tensors and native memory.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
