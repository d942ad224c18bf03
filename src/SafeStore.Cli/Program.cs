using SafeStore.Cli;

using var closed = new ClosedDescriptors();
return await Tool.RunAsync(args);
