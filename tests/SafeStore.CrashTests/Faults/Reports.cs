using System;
using System.Collections.Concurrent;
using System.Linq;
using Microsoft.Extensions.Logging;

namespace SafeStore.CrashTests.Faults;

/// <summary>What an engine reports.</summary>
internal sealed class Reports : ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message)> _all = [];

    public string[] Warnings => [.. _all.Where(static report => report.Level >= LogLevel.Warning).Select(static report => report.Message)];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
        string> formatter) =>
        _all.Enqueue((logLevel, formatter(state, exception)));
}
