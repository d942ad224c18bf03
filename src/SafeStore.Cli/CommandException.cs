using System;

namespace SafeStore.Cli;

/// <summary>A command cannot do its work, for a reason of the tool's own: the message goes to stderr, the exit code is 1.</summary>
internal sealed class CommandException(string message) : Exception(message);
