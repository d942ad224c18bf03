using SafeStore.Cli;

return await Tool.RunAsync(args);
