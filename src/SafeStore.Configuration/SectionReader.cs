using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using Microsoft.Extensions.Configuration.Json;

namespace SafeStore.Configuration;

/// <summary>Reads the sections of a sandbox as configuration's keys and values, as configuration reads JSON files.</summary>
internal static class SectionReader
{
    public static Dictionary<string, string?> Read(StateStore store, string sandbox)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (DocumentId document in Documents(store, sandbox))
        {
            if (SectionName.TryRead(document.File) is { } section && store.ReadJson(document) is { } json)
            {
                foreach ((string key, string? value) in Flatten(document, section, json))
                {
                    settings[key] = value;
                }
            }
        }

        return settings;
    }



    private static IEnumerable<DocumentId> Documents(StateStore store, string sandbox)
    {
        if (!store.Exists(sandbox))
        {
            yield break;
        }

        foreach (DocumentId document in store.ListDocuments(sandbox))
        {
            if (document is { Container: null, Root: StoreRoot.Config })
            {
                yield return document;
            }
        }
    }

    private static IDictionary<string, string?> Flatten(DocumentId document, string section, byte[] json)
    {
        using var wrapped = new MemoryStream();
        using (var writer = new Utf8JsonWriter(wrapped))
        {
            writer.WriteStartObject();
            writer.WritePropertyName(section);
            writer.WriteRawValue(json);
            writer.WriteEndObject();
        }

        wrapped.Position = 0;
        var parsed = new Parsed(new JsonStreamConfigurationSource { Stream = wrapped });
        try
        {
            parsed.Load();
        }
        catch (Exception failure) when (failure is FormatException or JsonException)
        {
            throw new SectionException(document, failure);
        }

        return parsed.Settings;
    }

    private sealed class Parsed(JsonStreamConfigurationSource source) : JsonStreamConfigurationProvider(source)
    {
        public IDictionary<string, string?> Settings => Data;
    }
}
