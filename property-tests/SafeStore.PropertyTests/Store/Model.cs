using System;
using System.Collections.Generic;
using System.Linq;

namespace SafeStore.PropertyTests.Store;

/// <summary>A document's place in a sandbox.</summary>
internal readonly record struct Place(StoreRoot Root, string? Container, string File);

/// <summary>What a sandbox should have. Never changed: a commit makes another.</summary>
internal sealed record ModelSandbox(Lsn Version, IReadOnlySet<string> Containers, IReadOnlyDictionary<Place, string> Documents)
{
    public static ModelSandbox Empty { get; } = new(default, new HashSet<string>(), new Dictionary<Place, string>());

    public bool HasFile(string name) => Documents.Keys.Any(place => place.Container is null && place.File == name);
}

/// <summary>What a change is to come to, or the error that the call at which it breaks off should give.</summary>
internal sealed class ModelChange(ModelSandbox before, bool isNew)
{
    private readonly HashSet<string> _created = [];
    private readonly HashSet<string> _removed = [];
    private readonly Dictionary<Place, string?> _documents = [];
    private bool _isSandboxRemoved;
    private bool _isVersionWrong;

    /// <summary>Whether nothing is to be written: then no LSN is used up.</summary>
    public bool IsEmpty => !isNew && !_isSandboxRemoved && _created.Count + _removed.Count + _documents.Count == 0;

    /// <summary>Applies a step; false if the call should throw InvalidOperationException.</summary>
    public bool TryApply(Step step)
    {
        if (step is Step.Require require)
        {
            _isVersionWrong = !require.Right;
            return true;
        }

        if (_isSandboxRemoved)
        {
            return false;
        }

        switch (step)
        {
            case Step.Put put when put.Container is null || !_removed.Contains(put.Container):
                _documents[new Place(put.Root, put.Container, put.File)] = Interpreter.Json(put);
                return true;
            case Step.Delete delete when delete.Container is null || !_removed.Contains(delete.Container):
                _documents[new Place(delete.Root, delete.Container, delete.File)] = null;
                return true;
            case Step.CreateContainer create:
                return !_removed.Contains(create.Container) && _created.Add(create.Container);
            case Step.RemoveContainer remove:
                foreach (Place place in _documents.Keys.Where(place => place.Container == remove.Container).ToList())
                {
                    _documents.Remove(place);
                }

                return _created.Remove(remove.Container) || _removed.Add(remove.Container);
            case Step.RemoveSandbox when !isNew:
                _isSandboxRemoved = true;
                _created.Clear();
                _removed.Clear();
                _documents.Clear();
                return true;
            default:
                return false;
        }
    }

    /// <summary>The errors of which the commit must give one; none if it must succeed.</summary>
    public HashSet<Type> Errors()
    {
        var errors = new HashSet<Type>();
        if (_isVersionWrong)
        {
            errors.Add(typeof(VersionConflictException));
        }

        foreach (string container in _created.Where(container => before.Containers.Contains(container) || before.HasFile(container)
            || _documents.Any(document => document.Value is not null && document.Key.Container is null && document.Key.File == container)))
        {
            errors.Add(typeof(AlreadyExistsException));
        }

        // To delete what a new sandbox or container cannot have yet is nothing.
        KeyValuePair<Place, string?>[] effective = [.. _documents.Where(document => !isNew || document.Value is not null)];
        foreach (string container in effective.Select(static document => document.Key.Container).OfType<string>()
            .Where(container => !_created.Contains(container)).Concat(_removed))
        {
            if (!before.Containers.Contains(container))
            {
                errors.Add(typeof(NotFoundException));
                if (before.HasFile(container))
                {
                    errors.Add(typeof(StorageException)); // a document in the place of a container
                }
            }
        }

        if (Array.Exists(effective, document => document.Key.Container is null && before.Containers.Contains(document.Key.File)))
        {
            errors.Add(typeof(StorageException)); // a container in the place of a document
        }

        return errors;
    }

    /// <summary>The sandbox afterwards; null if it is removed.</summary>
    public ModelSandbox? After(Lsn version)
    {
        if (_isSandboxRemoved)
        {
            return null;
        }

        var containers = before.Containers.Except(_removed).Union(_created).ToHashSet();
        var documents =
            before.Documents.Where(document => document.Key.Container is not { } container || !_removed.Contains(container)).ToDictionary();
        foreach ((Place place, string? json) in _documents)
        {
            if (json is null)
            {
                documents.Remove(place);
            }
            else
            {
                documents[place] = json;
            }
        }

        return new ModelSandbox(IsEmpty ? before.Version : version, containers, documents);
    }
}
