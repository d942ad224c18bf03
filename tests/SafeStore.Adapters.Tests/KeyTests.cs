using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using SafeStore.DataProtection;
using SafeStore.FileSystem;
using SafeStore.Hosting;
using SafeStore.Testing;
using Xunit;

namespace SafeStore.Adapters.Tests;

/// <summary>Keys of data protection in a store on a simulated machine.</summary>
public sealed class KeyTests
{
    [Fact]
    public async Task What_was_protected_before_a_power_cut_can_be_read_after_it()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        var tickets = new List<string>();
        for (ulong seed = 0; seed < 20; seed++)
        {
            using (ServiceProvider services = Services(simulated.Store))
            {
                IDataProtector protector = services.GetDataProtector("test");
                Assert.All(tickets, ticket => Assert.Equal("secret", protector.Unprotect(ticket)));
                tickets.Add(protector.Protect("secret"));
                _ = services.GetRequiredService<IKeyManager>().CreateNewKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(90));
            }

            await simulated.LosePowerAsync(seed);
        }

        using ServiceProvider last = Services(simulated.Store);
        Assert.Equal(21, last.GetRequiredService<IKeyManager>().GetAllKeys().Count); // the first ticket needed one
    }

    [Fact]
    public async Task Keys_of_another_process_are_seen()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        await using StateStore other = await StateStore.OpenAsync(
            simulated.Layout, simulated.Machine.Start().StoreOptions, TestContext.Current.CancellationToken);
        using ServiceProvider one = Services(simulated.Store);
        using ServiceProvider two = Services(other);

        string ticket = one.GetDataProtector("test").Protect("secret");

        Assert.Equal("secret", two.GetDataProtector("test").Unprotect(ticket));
    }

    [Theory]
    [InlineData("")]
    [InlineData("images")]
    public async Task A_store_of_the_host_is_open_when_keys_are_wanted(string name)
    {
        SimulatedProcess process = new SimulatedMachine().Start();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IDurableFileSystem>(process.FileSystem);
        builder.Services.AddSafeStore(static store => store.Directory = "/store", name);
        IDataProtectionBuilder protection = builder.Services.AddDataProtection();
        _ = name.Length == 0 ? protection.PersistKeysToSafeStore() : protection.PersistKeysToSafeStore(name);
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal("secret", host.Services.GetDataProtector("test").Unprotect(host.Services.GetDataProtector("test").Protect("secret")));
        StateStore store = name.Length == 0 ? host.Services.GetRequiredService<StateStore>()
            : host.Services.GetRequiredKeyedService<StateStore>(name);
        Assert.Single(store.ListDocuments("data-protection"));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("key-1", "key-1.json")]
    [InlineData("", null)]
    [InlineData("../key", null)]
    [InlineData("-key", null)]
    public async Task An_element_is_a_document_of_its_name_or_of_one_by_its_content(string name, string? file)
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        IXmlRepository repository = Repository(simulated.Store);

        repository.StoreElement(new XElement("key", new XAttribute("id", "é")), name);
        repository.StoreElement(new XElement("key", new XAttribute("id", "é")), name);

        Assert.Equal("""<key id="é" />""", Assert.Single(repository.GetAllElements()).ToString());
        DocumentId document = Assert.Single(simulated.Store.ListDocuments("data-protection"));
        Assert.Equal(file ?? document.File, document.File);
    }

    [Fact]
    public async Task Elements_that_are_chosen_are_deleted_and_no_others()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        var repository = Assert.IsType<IDeletableXmlRepository>(Repository(simulated.Store), exactMatch: false);
        Assert.True(repository.DeleteElements(static elements => Assert.Empty(elements)));
        foreach (string name in (string[])["a", "b", "c"])
        {
            repository.StoreElement(new XElement(name), name);
        }

        Assert.True(repository.DeleteElements(static elements =>
        {
            foreach (IDeletableElement each in elements.Where(static each => each.Element.Name != "b"))
            {
                each.DeletionOrder = 1;
            }
        }));

        await simulated.LosePowerAsync(seed: 3);
        Assert.Equal(["b"], Repository(simulated.Store).GetAllElements().Select(static each => each.Name.LocalName));
    }

    [Fact]
    public async Task A_key_that_is_no_XML_is_told_and_left()
    {
        await using SimulatedStore simulated = await SimulatedStore.OpenAsync();
        await using (SandboxLock held = await simulated.Store.LockNewAsync("data-protection"))
        {
            _ = await held.Change().PutJson(StoreRoot.Config, null, "key-1.json", Encoding.UTF8.GetBytes("""{"Xml":"<key"}"""))
                .CommitAsync(TestContext.Current.CancellationToken);
        }

        var failure = Assert.Throws<StoredKeyException>(() => Repository(simulated.Store).GetAllElements());

        Assert.Equal("key-1.json", failure.Document.File);
        Assert.Single(simulated.Store.ListDocuments("data-protection"));
    }

    private static IXmlRepository Repository(StateStore store)
    {
        using ServiceProvider services = Services(store);
        return services.GetRequiredService<IOptions<KeyManagementOptions>>().Value.XmlRepository!;
    }

    private static ServiceProvider Services(StateStore store)
    {
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName("test").PersistKeysToSafeStore(store);
        return services.BuildServiceProvider();
    }
}
