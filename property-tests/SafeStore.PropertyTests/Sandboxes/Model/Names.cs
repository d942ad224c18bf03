using System;

namespace SafeStore.PropertyTests.Sandboxes.Model;

/// <summary>Names of members as another program may spell them.</summary>
internal static class Names
{
    public static string InOtherCase(string name, Random random) =>
        string.Create(name.Length, (name, random), static (characters, state) =>
        {
            for (int i = 0; i < characters.Length; i++)
            {
                char character = state.name[i];
                characters[i] = char.IsAsciiLetter(character) && state.random.Next(2) == 0 ? (char)(character ^ 0x20) : character;
            }
        });
}
