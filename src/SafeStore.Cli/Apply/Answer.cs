using System;
using System.Buffers;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace SafeStore.Cli.Apply;

/// <summary>What became of one line: its LSN, or why it failed. A transaction that is durable but not visible has both.</summary>
internal sealed record Answer(Lsn? Lsn, string? Error = null, string? Code = null)
{
    public const string BadRequest = "bad-request";
    public const string Cancelled = "cancelled";

    /// <summary>The line was not carried out, and would be accepted.</summary>
    public bool IsDryRun { get; init; }

    public static Answer Of(Exception failure) => failure switch
    {
        BadRequestException => new Answer(null, failure.Message, BadRequest),
        CommitNotPublishedException known => new Answer(known.Lsn, known.Message, known.Code),
        SafeStoreException known => new Answer(null, known.Message, known.Code),
        ArgumentException bad => new Answer(null, WithoutParameter(bad), BadRequest),
        OperationCanceledException =>
        new Answer(null, "The command was told to end before this transaction began. Nothing was changed.", Cancelled),
        InvalidOperationException => new Answer(null, failure.Message, BadRequest),
        _ => new Answer(null, $"{failure.GetType().Name}: {failure.Message}", "internal"),
    };

    /// <summary>Names of parameters mean nothing to a user who writes lines.</summary>
    private static string WithoutParameter(ArgumentException failure) =>
        failure.Message.Replace($" (Parameter '{failure.ParamName}')", string.Empty, StringComparison.Ordinal);
}

/// <summary>Writes answers, each as one line in one write: its reader knows at once.</summary>
internal sealed class AnswerWriter(Stream output, bool withLineNumbers) : IDisposable
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SemaphoreSlim _turn = new(1);

    public async ValueTask WriteAsync(long line, Answer answer)
    {
        ReadOnlyMemory<byte> text = Encode(line, answer);
        await _turn.WaitAsync();
        try
        {
            await output.WriteAsync(text);
            await output.FlushAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private ReadOnlyMemory<byte> Encode(long line, Answer answer)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            writer.WriteStartObject();
            if (withLineNumbers)
            {
                writer.WriteNumber("line"u8, line);
            }

            if (answer.Error is not null)
            {
                writer.WriteString("error"u8, answer.Error);
                writer.WriteString("code"u8, answer.Code);
            }

            if (answer.IsDryRun)
            {
                writer.WriteBoolean("dryRun"u8, true);
            }

            if (answer.Lsn is { } lsn)
            {
                writer.WriteNumber("lsn"u8, lsn.Value);
            }

            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }
}
