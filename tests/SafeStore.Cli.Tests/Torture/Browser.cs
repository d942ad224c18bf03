using System;
using System.Diagnostics;
using System.IO;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace SafeStore.Cli.Tests.Torture;

/// <summary>A headless Chromium with one page, driven by its DevTools protocol; ended, with its profile removed, at the end.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Announcement = "DevTools listening on ";

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _page = new();
    private Task _errors = Task.CompletedTask; // Chromium must not wait for a reader
    private int _sent;

    private Browser(Process process, string profile)
    {
        _process = process;
        _profile = profile;
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<Browser> StartAsync()
    {
        string profile = Directory.CreateTempSubdirectory("safestore-chromium-").FullName;
        string[] arguments =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
            "--disable-breakpad", "--disable-crash-reporter",
            "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank",
        ];
        var browser = new Browser(Process.Start(new ProcessStartInfo("chromium", arguments) { RedirectStandardError = true })!, profile);
        try
        {
            await browser.ConnectAsync();
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Shows a file in a window of a size and a colour scheme.</summary>
    public async Task OpenAsync(string path, int width, string scheme = "light")
    {
        await AskAsync("Emulation.setDeviceMetricsOverride", new JsonObject
        {
            ["width"] = width,
            ["height"] = 900,
            ["deviceScaleFactor"] = 1,
            ["mobile"] = false,
        });
        await AskAsync("Emulation.setEmulatedMedia", new JsonObject
        {
            ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }),
        });
        await AskAsync("Page.enable", []);
        await SendAsync("Page.navigate", new JsonObject { ["url"] = new Uri(path).AbsoluteUri });
        await ReceiveAsync(static message => (string?)message["method"] == "Page.loadEventFired");
    }

    /// <summary>The value of a JavaScript expression.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        JsonNode answer = await AskAsync(
            "Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true });
        Assert.Null(answer["exceptionDetails"]);
        return answer["result"]!["value"];
    }

    public async Task<string> TextAsync(string selector) =>
        (string)(await EvaluateAsync($"document.querySelector({JsonValue.Create(selector)!.ToJsonString()}).innerText"))!;

    /// <summary>Moves the mouse to the middle of an element, and presses and releases its button.</summary>
    public async Task ClickAsync(string id)
    {
        JsonNode middle = (await EvaluateAsync(
            $$"""
            (() => {
              const element = document.getElementById("{{id}}");
              element.scrollIntoView({ block: "center" });
              const box = element.getBoundingClientRect();
              return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
            })()
            """))!;
        foreach (string kind in new[] { "mousePressed", "mouseReleased" })
        {
            await AskAsync("Input.dispatchMouseEvent", new JsonObject
            {
                ["type"] = kind,
                ["x"] = (double)middle["x"]!,
                ["y"] = (double)middle["y"]!,
                ["button"] = "left",
                ["clickCount"] = 1,
            });
        }
    }

    public async Task PressAsync(string key)
    {
        foreach (string kind in new[] { "keyDown", "keyUp" })
        {
            await AskAsync("Input.dispatchKeyEvent", new JsonObject { ["type"] = kind, ["key"] = key });
        }
    }

    public async ValueTask DisposeAsync()
    {
        _page.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        await _errors;
        _process.Dispose();
        Directory.Delete(_profile, recursive: true);
    }

    private async Task ConnectAsync()
    {
        string? line;
        do
        {
            line = await _process.StandardError.ReadLineAsync(Stop);
        }
        while (line?.StartsWith(Announcement, StringComparison.Ordinal) == false);
        var address = new Uri(line?[Announcement.Length..] ?? throw new EndOfStreamException("Chromium does not listen."));
        _errors = _process.StandardError.ReadToEndAsync(CancellationToken.None);

        string target;
        using (var all = new ClientWebSocket())
        {
            await all.ConnectAsync(address, Stop);
            await SendAsync(all, "Target.getTargets", []);
            JsonNode answer = await ReceiveAsync(all, static message => message["id"] is not null);
            target = (string)Array.Find(
                [.. answer["result"]!["targetInfos"]!.AsArray()], static each => (string?)each!["type"] == "page")!["targetId"]!;
        }

        await _page.ConnectAsync(new Uri(address, $"/devtools/page/{target}"), Stop);
    }

    private async Task<JsonNode> AskAsync(string method, JsonObject parameters)
    {
        int id = await SendAsync(method, parameters);
        JsonNode answer = await ReceiveAsync(message => (int?)message["id"] == id);
        return answer["result"] ?? throw new InvalidOperationException($"{method}: {answer.ToJsonString()}");
    }

    private Task<int> SendAsync(string method, JsonObject parameters) => SendAsync(_page, method, parameters);

    private async Task<int> SendAsync(ClientWebSocket socket, string method, JsonObject parameters)
    {
        int id = ++_sent;
        string message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters }.ToJsonString();
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, Stop);
        return id;
    }

    private Task<JsonNode> ReceiveAsync(Predicate<JsonNode> isIt) => ReceiveAsync(_page, isIt);

    private static async Task<JsonNode> ReceiveAsync(ClientWebSocket socket, Predicate<JsonNode> isIt)
    {
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            using var message = new MemoryStream();
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(), Stop);
                await message.WriteAsync(buffer.AsMemory(0, part.Count), Stop);
            }
            while (!part.EndOfMessage);
            JsonNode read = JsonNode.Parse(message.ToArray()) ?? throw new InvalidDataException("Chromium sent null.");
            if (isIt(read))
            {
                return read;
            }
        }
    }
}
