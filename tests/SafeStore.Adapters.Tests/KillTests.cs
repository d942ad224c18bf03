using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using SafeStore.Configuration;
using SafeStore.DataProtection;
using SafeStore.Tests.FileSystem;
using Xunit;

namespace SafeStore.Adapters.Tests;

/// <summary>A real web server that is killed while it makes keys and changes settings.</summary>
public sealed class KillTests : IDisposable
{
    private const int Kills = 12;

    private readonly TempDirectory _directory = new();
    private readonly HashSet<Guid> _keys = [];
    private readonly List<string> _tickets = [];
    private long _limit;

    private string Store => Path.Combine(_directory.Path, "store");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_web_server_that_is_killed_again_and_again_loses_no_key_and_no_setting_that_it_had()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int kill = 0; kill < Kills; kill++)
        {
            await RunAndKillAsync(lines: random.Next(2, 30));
            await LookAsync();
        }

        Assert.True(_keys.Count >= Kills / 2 && _limit >= Kills / 2, $"It has done too little: {_keys.Count} keys, limit {_limit}.");
    }

    private async Task RunAndKillAsync(int lines)
    {
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        string program = Path.Combine(AppContext.BaseDirectory, "SafeStore.Adapters.Tests.Child.dll");
        string socket = Path.Combine(_directory.Path, Guid.NewGuid().ToString());
        using var server = Process.Start(new ProcessStartInfo(dotnet, [program, Store, socket])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = server.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            for (int line = 0; line < lines; line++)
            {
                Note(await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)
                    ?? throw new InvalidOperationException($"It has ended: {await errors}"));
            }
        }
        finally
        {
            server.Kill();
        }

        while (await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            Note(line);
        }

        await server.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private void Note(string line)
    {
        string[] words = line.Split(' ');
        switch (words)
        {
            case ["key", { Length: 36 } id]:
                _ = _keys.Add(Guid.Parse(id));
                break;
            case ["limit", var limit]:
                _limit = Math.Max(_limit, long.Parse(limit, CultureInfo.InvariantCulture));
                break;
            case ["protected", var ticket]:
                _tickets.Add(ticket);
                break;
        }
    }

    /// <summary>All that the server has said is there.</summary>
    private async Task LookAsync()
    {
        await using StateStore store = await StateStore.OpenAsync(
            StoreLayout.At(Store), cancellationToken: TestContext.Current.CancellationToken);
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName("child").DisableAutomaticKeyGeneration().PersistKeysToSafeStore(store);
        await using ServiceProvider built = services.BuildServiceProvider();
        IDataProtector protector = built.GetDataProtector("test");

        Assert.Superset(
            _keys, built.GetRequiredService<IKeyManager>().GetAllKeys().Select(static key => key.KeyId).ToHashSet());
        Assert.All(_tickets, ticket => Assert.Equal("secret", protector.Unprotect(ticket)));
        IConfigurationRoot configuration = new ConfigurationBuilder().AddSafeStore(store).Build();
        using var closing = (IDisposable)configuration;
        Assert.InRange(configuration.GetValue<long>("Limits:Requests"), _limit, _limit + 1);
        _limit = configuration.GetValue<long>("Limits:Requests");
    }
}
