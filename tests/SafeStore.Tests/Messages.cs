using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Logging;

namespace SafeStore.Tests;

/// <summary>What a store says.</summary>
internal sealed class Messages : ILogger
{
    private readonly List<(int Event, string Text)> _all = [];

    public IEnumerable<string> OfEvent(int number) => _all.Where(message => message.Event == number).Select(static message => message.Text);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _all.Add((eventId.Id, formatter(state, exception)));
}
