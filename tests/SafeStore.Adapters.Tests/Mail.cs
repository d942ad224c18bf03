using System.Text.Json.Serialization;

namespace SafeStore.Adapters.Tests;

/// <summary>Options of a program.</summary>
internal sealed class Mail
{
    public string Server { get; set; } = "localhost";

    public int Port { get; set; } = 25;
}

[JsonSerializable(typeof(Mail))]
internal sealed partial class MailJson : JsonSerializerContext;
