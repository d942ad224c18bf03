using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SafeStore.Sandboxes;

/// <summary>
/// <c>intents.json</c> in the config root, which outlives a reboot: what is to be undone if the work that it belongs to is not completed.
/// </summary>
internal sealed record IntentDocument : StoredObject, IJsonOnDeserialized
{
    public const string File = "intents.json";

    /// <summary>The sandbox itself is only being made: when everything is undone, it goes too.</summary>
    public bool Creating { get; init; }

    /// <summary>The number of the next intent. Numbers are not used again while the document exists.</summary>
    public long Next { get; init; } = 1;

    /// <summary>In the order in which they were recorded.</summary>
    public IReadOnlyList<Intent> Intents { get; init => field = value ?? []; } = [];

    /// <summary>The intents that were given up, oldest first; null if there are none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ForgottenIntent>? Forgotten { get; init; }

    /// <summary>
    /// Whether there is anything in it that is worth keeping: a sandbox that is only being made has no record without intents.
    /// </summary>
    [JsonIgnore]
    public bool IsNeeded => Intents.Count > 0 || (!Creating && Forgotten is { Count: > 0 });

    /// <summary>A number that no intent has, whatever <see cref="Next"/> says.</summary>
    [JsonIgnore]
    public long NextNumber => Intents.Select(static intent => intent.Number + 1).Append(Next).Max();

    public IntentDocument With(Intent newest) => this with { Next = newest.Number + 1, Intents = [.. Intents, newest] };

    /// <summary>Without these intents, and with these as forgotten ones.</summary>
    public IntentDocument Without(IReadOnlySet<long> numbers, IReadOnlyCollection<ForgottenIntent> forgotten) => this with
    {
        Intents = [.. Intents.Where(intent => !numbers.Contains(intent.Number))],
        Forgotten = forgotten.Count == 0 ? Forgotten : [.. Forgotten ?? [], .. forgotten],
    };

    public IntentDocument Replacing(Intent newest) => this with { Intents = [.. Intents.SkipLast(1), newest] };

    /// <summary>What cannot be told apart could not be completed or undone one by one, and what is null not at all.</summary>
    void IJsonOnDeserialized.OnDeserialized()
    {
        var numbers = new HashSet<long>();
        foreach (Intent? intent in Intents)
        {
            if (intent is null)
            {
                throw new JsonException("An intent is null: what is to be undone is lost");
            }

            if (intent.Number is < 0 or long.MaxValue || !numbers.Add(intent.Number))
            {
                throw new JsonException($"The intents are not told apart by their numbers: {intent.Number} is there twice or out of range");
            }
        }

        if (Next is < 0 or long.MaxValue)
        {
            throw new JsonException($"The number of the next intent, {Next}, is out of range");
        }
    }
}
