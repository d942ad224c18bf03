using System;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SafeStore;
using SafeStore.Adapters.Tests.Child;
using SafeStore.Configuration;
using SafeStore.DataProtection;

// A web server that makes keys and changes settings as fast as it can, and says so when each is durable. Arguments: the store's directory;
// the socket of the server.
await using StateStore store = await StateStore.OpenAsync(StoreLayout.At(args[0]));
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(server => server.ListenUnixSocket(args[1]));
builder.Configuration.AddSafeStore(store);
builder.Services.AddDataProtection().SetApplicationName("child").PersistKeysToSafeStore(store);
builder.Services.AddOptions<Limits>().BindConfiguration("Limits").WritableInSafeStore("Limits", LimitsJson.Default.Limits);
builder.Services.AddHostedService<Working>();
WebApplication web = builder.Build();
web.MapGet("/limit", static context => context.Response.WriteAsync(
    context.RequestServices.GetRequiredService<IWritableOptions<Limits>>().CurrentValue.Requests.ToString("D", null)));
await web.RunAsync();

namespace SafeStore.Adapters.Tests.Child
{
    internal sealed class Limits
    {
        public long Requests { get; set; }
    }

    internal sealed class Working(IKeyManager keys, IDataProtectionProvider protection, IWritableOptions<Limits> limits) : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
            Task.Run(() => MakeKeysAsync(stoppingToken), stoppingToken), Task.Run(() => RaiseLimitAsync(stoppingToken), stoppingToken));

        private async Task MakeKeysAsync(CancellationToken stopping)
        {
            await Console.Out.WriteLineAsync($"protected {protection.CreateProtector("test").Protect("secret")}");
            while (!stopping.IsCancellationRequested)
            {
                DateTimeOffset now = DateTimeOffset.UtcNow;
                await Console.Out.WriteLineAsync($"key {keys.CreateNewKey(now, now.AddDays(90)).KeyId}");
            }
        }

        private async Task RaiseLimitAsync(CancellationToken stopping)
        {
            while (!stopping.IsCancellationRequested)
            {
                await limits.UpdateAsync(static each => each.Requests++, stopping);
                await Console.Out.WriteLineAsync($"limit {limits.CurrentValue.Requests}");
            }
        }
    }

    [JsonSerializable(typeof(Limits))]
    internal sealed partial class LimitsJson : JsonSerializerContext;
}
