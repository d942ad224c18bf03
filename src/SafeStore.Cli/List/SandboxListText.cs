using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SafeStore.Sandboxes;

namespace SafeStore.Cli.List;

/// <summary>A list of sandboxes for eyes and for scripts (docs/cli-look.md, "list").</summary>
internal static class SandboxListText
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] ToTable(IReadOnlyList<SandboxStatus> sandboxes)
    {
        var text = new StringBuilder();
        int width = Math.Max("sandbox".Length, sandboxes.Select(static sandbox => sandbox.Id.Length).DefaultIfEmpty().Max());
        text.Append(CultureInfo.InvariantCulture,
            $"{"sandbox".PadRight(width)}  {"state",-10}{"containers",10}  {"to undo",7}  {"errors",6}\n");
        foreach (SandboxStatus sandbox in sandboxes)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{sandbox.Id.PadRight(width)}  {StateOf(sandbox),-10}{sandbox.Containers.Count,10}  {sandbox.Intents.Count,7}  "
                + $"{sandbox.Errors.Count,6}\n");
            foreach (Intent intent in sandbox.Intents)
            {
                string failure = intent.LastError is null ? string.Empty : $", last failed with: {intent.LastError}";
                text.Append(CultureInfo.InvariantCulture,
                    $"    to undo: {intent.Number} {intent.Kind} {intent.Payload.GetRawText()}, tried {intent.Attempts} times{failure}\n");
            }

            foreach (SafeStoreException error in sandbox.Errors)
            {
                text.Append(CultureInfo.InvariantCulture, $"    {error.Code}: {error.Message}\n");
            }
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public static byte[] ToJson(IReadOnlyList<SandboxStatus> sandboxes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        foreach (SandboxStatus sandbox in sandboxes)
        {
            using (var writer = new Utf8JsonWriter(buffer, s_options))
            {
                Write(writer, sandbox);
            }

            buffer.Write("\n"u8);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string StateOf(SandboxStatus sandbox) => sandbox switch
    {
        { IsCreating: true } => "creating",
        { State.Text: { Length: > 0 } state } => state,
        _ => "-",
    };

    private static void Write(Utf8JsonWriter writer, SandboxStatus sandbox)
    {
        writer.WriteStartObject();
        writer.WriteString("sandbox"u8, sandbox.Id);
        writer.WriteString("state"u8, sandbox.State?.Text);
        writer.WriteBoolean("creating"u8, sandbox.IsCreating);
        writer.WriteStartArray("containers"u8);
        foreach (ContainerStatus container in sandbox.Containers)
        {
            writer.WriteStartObject();
            writer.WriteString("container"u8, container.Id);
            writer.WriteString("state"u8, container.State?.Text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("intents"u8);
        foreach (Intent intent in sandbox.Intents)
        {
            writer.WriteStartObject();
            writer.WriteNumber("number"u8, intent.Number);
            writer.WriteString("kind"u8, intent.Kind);
            writer.WritePropertyName("payload"u8);
            intent.Payload.WriteTo(writer);
            writer.WriteNumber("attempts"u8, intent.Attempts);
            writer.WriteString("lastError"u8, intent.LastError);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("errors"u8);
        foreach (SafeStoreException error in sandbox.Errors)
        {
            writer.WriteStartObject();
            writer.WriteString("code"u8, error.Code);
            writer.WriteString("error"u8, error.Message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
