using System;
using System.Collections.Generic;
using System.Text;
using System.Threading.Tasks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using SafeStore.Configuration;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Adapters.Tests;

/// <summary>Configuration and writable options on a simulated machine.</summary>
public sealed class ConfigurationTests
{
    private const string Section = "Mail:Smtp";

    [Fact]
    public async Task The_documents_of_a_sandbox_are_sections_as_in_a_JSON_file()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        await PutAsync(simulated.Store, "section.mail.smtp.json", """{"Server":"a","Ports":[25,587],"Tls":{"On":true},"None":null}""");
        await PutAsync(simulated.Store, "section.limit.json", "7");
        await PutAsync(simulated.Store, "other.json", """{"Server":"no"}""");
        IConfigurationRoot configuration = new ConfigurationBuilder().AddSafeStore(simulated.Store).Build();
        using var closing = (IDisposable)configuration;

        Assert.Equal(
            new Dictionary<string, string?>
            {
                ["limit"] = "7",
                ["mail"] = null,
                ["mail:smtp"] = null,
                ["mail:smtp:None"] = null,
                ["mail:smtp:Ports"] = null,
                ["mail:smtp:Ports:0"] = "25",
                ["mail:smtp:Ports:1"] = "587",
                ["mail:smtp:Server"] = "a",
                ["mail:smtp:Tls"] = null,
                ["mail:smtp:Tls:On"] = "True",
            },
            new Dictionary<string, string?>(configuration.AsEnumerable()));
    }

    [Fact]
    public async Task A_commit_of_another_process_is_seen()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        using var services = Services(simulated.Store);
        await using StateStore other = await StateStore.OpenAsync(
            simulated.Layout, simulated.Machine.Start().StoreOptions, TestContext.Current.CancellationToken);
        var monitor = services.GetRequiredService<IOptionsMonitor<Mail>>();
        Assert.Equal(("appsettings", 25), (monitor.CurrentValue.Server, monitor.CurrentValue.Port));

        await PutAsync(other, "section.mail.smtp.json", """{"Server":"b"}""");
        await ExpectAsync(services, static mail => mail.Server == "b");
        await PutAsync(other, "section.mail.smtp.json", """{"Server":"c"}""");
        await ExpectAsync(services, static mail => mail.Server == "c");
    }

    [Fact]
    public async Task An_update_is_durable_on_return_and_the_options_show_it()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        for (int i = 0; i < 20; i++)
        {
            using (var services = Services(simulated.Store))
            {
                var options = services.GetRequiredService<IWritableOptions<Mail>>();
                Assert.Equal(("appsettings", 25 + i), (options.CurrentValue.Server, options.CurrentValue.Port));
                await options.UpdateAsync(static mail => mail.Port++, TestContext.Current.CancellationToken);
                Assert.Equal(26 + i, options.CurrentValue.Port);
            }

            await simulated.LosePowerAsync(seed: (ulong)i);
        }
    }

    [Fact]
    public async Task Updates_of_several_tasks_and_processes_all_count()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        await using StateStore other = await StateStore.OpenAsync(
            simulated.Layout, simulated.Machine.Start().StoreOptions, TestContext.Current.CancellationToken);
        using var one = Services(simulated.Store);
        using var two = Services(other);
        var updates = new List<Task>();
        for (int i = 0; i < 10; i++)
        {
            updates.Add(one.GetRequiredService<IWritableOptions<Mail>>().UpdateAsync(
                static mail => mail.Port++, TestContext.Current.CancellationToken));
            updates.Add(two.GetRequiredService<IWritableOptions<Mail>>().UpdateAsync(
                static mail => new Mail { Server = mail.Server, Port = mail.Port + 1 }, TestContext.Current.CancellationToken));
        }

        await Task.WhenAll(updates);

        await ExpectAsync(one, static mail => mail.Port == 45);
        await ExpectAsync(two, static mail => mail.Port == 45);
    }

    [Fact]
    public async Task An_update_that_throws_or_is_not_valid_changes_nothing()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        using var services = Services(simulated.Store);
        var options = services.GetRequiredService<IWritableOptions<Mail>>();

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => options.UpdateAsync(
            static (Mail _) => throw new TimeZoneNotFoundException(), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<OptionsValidationException>(() => options.UpdateAsync(
            static mail => mail.Port = -1, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => options.UpdateAsync(
            static _ => null!, TestContext.Current.CancellationToken));

        Assert.Equal(25, options.CurrentValue.Port);
        Assert.False(simulated.Store.Exists("configuration"));
    }

    [Fact]
    public async Task Without_a_store_in_configuration_an_update_says_what_is_missing()
    {
        await using ServiceProvider services = Services(new ConfigurationBuilder());

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => services.GetRequiredService<IWritableOptions<Mail>>()
            .UpdateAsync(static mail => mail.Port++, TestContext.Current.CancellationToken));
        Assert.Contains("AddSafeStore", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_section_that_cannot_be_read_is_told_and_the_settings_stay()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        var told = new TaskCompletionSource<SafeStoreException>(TaskCreationOptions.RunContinuationsAsynchronously);
        await PutAsync(simulated.Store, "section.a.json", """{"X":1}""");
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddSafeStore(simulated.Store, reloadFailed: failure => told.TrySetResult(failure)).Build();
        using var closing = (IDisposable)configuration;

        await PutAsync(simulated.Store, "section.a.json", """{"X":2,"x":3}""");
        var failure = Assert.IsType<SectionException>(await told.Task.WaitAsync(TestContext.Current.CancellationToken));

        Assert.Contains("section.a.json", failure.Message, StringComparison.Ordinal);
        Assert.Equal("1", configuration["a:x"]);
        Assert.Throws<SectionException>(configuration.Reload);
    }

    [Fact]
    public async Task Changes_that_a_checkpoint_took_out_of_the_log_are_not_missed()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        using var services = Services(simulated.Store);
        for (int i = 0; i < 5; i++)
        {
            await PutAsync(simulated.Store, "section.mail.smtp.json", $$"""{"Port":{{i}}}""");
            _ = await simulated.Store.CheckpointAsync(TestContext.Current.CancellationToken);
        }

        await ExpectAsync(services, static mail => mail.Port == 4);
    }

    private static async Task PutAsync(StateStore store, string file, string json)
    {
        await using SandboxLock held = await store.LockOrCreateAsync("configuration");
        _ = await held.Change().PutJson(StoreRoot.Config, null, file, Encoding.UTF8.GetBytes(json)).CommitAsync();
    }

    private static ServiceProvider Services(StateStore store) => Services(new ConfigurationBuilder()
        .AddInMemoryCollection([new("Mail:Smtp:Server", "appsettings")]).AddSafeStore(store));

    private static ServiceProvider Services(IConfigurationBuilder builder)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(_ => builder.Build());
        services.AddOptions<Mail>().BindConfiguration(Section).Validate(static mail => mail.Port >= 0)
            .WritableInSafeStore(Section, MailJson.Default.Mail);
        return services.BuildServiceProvider();
    }

    /// <summary>Waits until the options are so.</summary>
    private static async Task ExpectAsync(IServiceProvider services, Func<Mail, bool> isSo)
    {
        var monitor = services.GetRequiredService<IOptionsMonitor<Mail>>();
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable? listening = monitor.OnChange(mail => Look(mail));
        Look(monitor.CurrentValue);
        await seen.Task.WaitAsync(TestContext.Current.CancellationToken);

        void Look(Mail mail)
        {
            if (isSo(mail))
            {
                seen.TrySetResult();
            }
        }
    }
}
