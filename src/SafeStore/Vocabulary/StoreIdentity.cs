using System;

namespace SafeStore.Vocabulary;

/// <summary>Which store it is, and which roots it has.</summary>
/// <param name="Store">The store's id.</param>
/// <param name="ConfigRoot">The config root's id.</param>
/// <param name="RunRoot">The run root's id; a new one when a volatile root was lost.</param>
internal sealed record StoreIdentity(Guid Store, Guid ConfigRoot, Guid RunRoot)
{
    /// <summary>The version of everything that the store writes.</summary>
    public const int Format = 2;

    public Guid IdentityOf(StoreRoot root) => root == StoreRoot.Config ? ConfigRoot : RunRoot;
}
