using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace SafeStore.DataProtection;

/// <summary>
/// Keys and revocations, each a document of one sandbox. The framework's methods are synchronous: a thread that stores or deletes waits
/// for the disk.
/// </summary>
internal sealed class SafeStoreXmlRepository(Func<StateStore> store) : IDeletableXmlRepository
{
    public const string Sandbox = "data-protection";

    private const string Suffix = ".json";
    private const int NameCharactersMax = 100;

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        StateStore open = store();
        return [.. ReadAll(open).Select(static each => each.Element)];
    }

    /// <summary>Durable on return.</summary>
    public void StoreElement(XElement element, string friendlyName)
    {
        ArgumentNullException.ThrowIfNull(element);
        var stored = new StoredElement(element.ToString(SaveOptions.DisableFormatting));
        using SandboxLock held = store().LockOrCreate(Sandbox);
        _ = held.Change().Put(KindOf(FileOf(friendlyName, stored)), stored).Commit();
    }

    /// <summary>All that are chosen, or none: the order does not matter.</summary>
    public bool DeleteElements(Action<IReadOnlyCollection<IDeletableElement>> chooseElements)
    {
        ArgumentNullException.ThrowIfNull(chooseElements);
        StateStore open = store();
        if (!open.Exists(Sandbox))
        {
            chooseElements([]);
            return true;
        }

        using SandboxLock held = open.Lock(Sandbox);
        DeletableElement[] elements = [.. ReadAll(open).Select(static each => new DeletableElement(each.File, each.Element))];
        chooseElements(elements);
        DeletableElement[] chosen = [.. elements.Where(static each => each.DeletionOrder is not null)];
        if (chosen.Length > 0)
        {
            SandboxChange change = held.Change();
            Array.ForEach(chosen, each => change.Remove(KindOf(each.File)));
            _ = change.Commit();
        }

        return true;
    }

    private static IEnumerable<(string File, XElement Element)> ReadAll(StateStore open)
    {
        if (!open.Exists(Sandbox))
        {
            yield break;
        }

        foreach (DocumentId document in open.ListDocuments(Sandbox).Where(IsElement))
        {
            // One that was deleted since it was listed is none any more.
            if (open.Read(Sandbox, KindOf(document.File)) is { } stored)
            {
                yield return (document.File, Parse(stored, document));
            }
        }
    }

    private static bool IsElement(DocumentId document) => document is { Container: null, Root: StoreRoot.Config }
        && document.File.EndsWith(Suffix, StringComparison.Ordinal);

    private static XElement Parse(StoredElement stored, DocumentId document)
    {
        try
        {
            return XElement.Parse(stored.Xml);
        }
        catch (XmlException failure)
        {
            throw new StoredKeyException(document, failure);
        }
    }

    private static DocumentKind<StoredElement> KindOf(string file) =>
        DocumentKind.OfSandbox(file, StoreRoot.Config, ElementJson.Default.StoredElement);

    /// <summary>The name that the framework gives; where it gives none that may be a file's, one by the content.</summary>
    private static string FileOf(string? friendlyName, StoredElement stored)
    {
        bool isName = friendlyName is { Length: > 0 and <= NameCharactersMax } && char.IsAsciiLetterOrDigit(friendlyName[0])
            && friendlyName.All(static each => char.IsAsciiLetterOrDigit(each) || each is '-' or '_');
        return (isName ? friendlyName : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(stored.Xml)))) + Suffix;
    }

    private sealed class DeletableElement(string file, XElement element) : IDeletableElement
    {
        public string File => file;

        public XElement Element => element;

        public int? DeletionOrder { get; set; }
    }
}

/// <summary>A document with a key or a revocation.</summary>
/// <param name="Xml">The element, as the framework gave it: encrypted, if the framework was told to encrypt keys.</param>
internal sealed record StoredElement([property: JsonRequired] string Xml);

[JsonSerializable(typeof(StoredElement))]
internal sealed partial class ElementJson : JsonSerializerContext;
