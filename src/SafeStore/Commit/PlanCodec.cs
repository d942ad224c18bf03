using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using SafeStore.Log;
using SafeStore.Vocabulary;

namespace SafeStore.Commit;

/// <summary>The payload of a commit record: the plans of its sandboxes (docs/file-format.md, "Payload").</summary>
internal static class PlanCodec
{
    private const int NamesMax = 1 << 20;

    public static int SizeOf(SandboxPlan[] plans)
    {
        long size = 4;
        foreach (SandboxPlan plan in plans)
        {
            if (plan.Puts.Length > NamesMax || plan.Deletes.Length > NamesMax || plan.CreatedContainers.Length > NamesMax
                || plan.RemovedContainers.Length > NamesMax)
            {
                throw new ArgumentException(
                    $"The transaction changes more than {NamesMax} documents or containers of sandbox '{plan.Sandbox}'. Split it.",
                    nameof(plans));
            }

            size += 1 + SizeOf(plan.Sandbox) + 16;
            size += SizeOf(plan.CreatedContainers) + SizeOf(plan.RemovedContainers);
            foreach (DocumentPut put in plan.Puts)
            {
                size += SizeOf(put.Key) + 4L + put.Content.Length;
            }

            foreach (DocumentKey key in plan.Deletes)
            {
                size += SizeOf(key);
            }
        }

        return size <= RecordFormat.PayloadBytesMax
            ? (int)size
            : throw new ArgumentException(
                $"The transaction has {size} bytes; {RecordFormat.PayloadBytesMax} are the most. Split it.", nameof(plans));
    }

    public static void Write(SandboxPlan[] plans, Span<byte> target) => Write(plans, new Writer(target));

    /// <summary>
    /// Reads a payload; null if these bytes are none, in which case a newer version wrote them: the record's checksum was right.
    /// </summary>
    /// <param name="payload">The bytes, which the plans go on using.</param>
    /// <param name="names">Where names are kept that come again and again; null to make a new string of each.</param>
    public static List<SandboxPlan>? TryRead(ReadOnlyMemory<byte> payload, NamePool? names = null)
    {
        var reader = new Reader(payload, names);
        int count = reader.Number(NamesMax);
        var plans = new List<SandboxPlan>(Math.Min(count, 1));
        for (int i = 0; i < count && !reader.HasFailed; i++)
        {
            var kind = (PlanKind)reader.Byte();
            string sandbox = reader.Name()!;
            string[] created = reader.Names();
            string[] removed = reader.Names();
            DocumentPut[] puts = reader.NewArray<DocumentPut>();
            for (int put = 0; put < puts.Length && !reader.HasFailed; put++)
            {
                puts[put] = new DocumentPut(reader.Key(), reader.Bytes());
            }

            DocumentKey[] deletes = reader.NewArray<DocumentKey>();
            for (int delete = 0; delete < deletes.Length && !reader.HasFailed; delete++)
            {
                deletes[delete] = reader.Key();
            }

            if (kind is not (PlanKind.Update or PlanKind.Create or PlanKind.Remove) || sandbox is null)
            {
                return null;
            }

            plans.Add(new SandboxPlan(sandbox, kind, created, removed, puts, deletes) { IsOfSeveral = count > 1 });
        }

        return reader.HasFailed || !reader.IsAtEnd ? null : plans;
    }

    private static void Write(SandboxPlan[] plans, Writer writer)
    {
        writer.Number(plans.Length);
        foreach (SandboxPlan plan in plans)
        {
            writer.Byte((byte)plan.Kind);
            writer.Name(plan.Sandbox);
            writer.Names(plan.CreatedContainers);
            writer.Names(plan.RemovedContainers);
            writer.Number(plan.Puts.Length);
            foreach (DocumentPut put in plan.Puts)
            {
                writer.Key(put.Key);
                writer.Bytes(put.Content.Span);
            }

            writer.Number(plan.Deletes.Length);
            foreach (DocumentKey key in plan.Deletes)
            {
                writer.Key(key);
            }
        }
    }

    private static long SizeOf(string[] names)
    {
        long size = 0;
        foreach (string name in names)
        {
            size += SizeOf(name);
        }

        return size;
    }

    private static int SizeOf(string? name) => 1 + (name?.Length ?? 0);

    private static int SizeOf(DocumentKey key) => 1 + SizeOf(key.Container) + SizeOf(key.File);

    private ref struct Writer(Span<byte> target)
    {
        private Span<byte> _rest = target;

        public void Byte(byte value)
        {
            _rest[0] = value;
            _rest = _rest[1..];
        }

        public void Number(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_rest, value);
            _rest = _rest[4..];
        }

        public void Name(string? name)
        {
            Byte((byte)(name?.Length ?? 0));
            _rest = _rest[Encoding.ASCII.GetBytes(name ?? "", _rest)..];
        }

        public void Names(string[] names)
        {
            Number(names.Length);
            foreach (string name in names)
            {
                Name(name);
            }
        }

        public void Key(DocumentKey key)
        {
            Byte((byte)key.Root);
            Name(key.Container);
            Name(key.File);
        }

        public void Bytes(ReadOnlySpan<byte> bytes)
        {
            Number(bytes.Length);
            bytes.CopyTo(_rest);
            _rest = _rest[bytes.Length..];
        }
    }

    private struct Reader(ReadOnlyMemory<byte> payload, NamePool? pool)
    {
        private ReadOnlyMemory<byte> _rest = payload;

        public bool HasFailed { get; private set; }

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public byte Byte() => Take(1) is { IsEmpty: false } bytes ? bytes.Span[0] : default;

        public int Number(int max)
        {
            int value = Take(4) is { IsEmpty: false } bytes ? BinaryPrimitives.ReadInt32LittleEndian(bytes.Span) : 0;
            HasFailed |= value < 0 || value > max;
            return HasFailed ? 0 : value;
        }

        /// <summary>A name, null if it is empty. Checked like an argument: a path is formed of it.</summary>
        public string? Name()
        {
            int length = Byte();
            ReadOnlySpan<byte> text = Take(length).Span;
            if (length == 0 || HasFailed)
            {
                return null;
            }

            string name = pool?.NameOf(text) ?? Encoding.ASCII.GetString(text);
            HasFailed = !Identifier.IsValid(name);
            return HasFailed ? null : name;
        }

        public string[] Names()
        {
            string[] names = NewArray<string>();
            for (int i = 0; i < names.Length && !HasFailed; i++)
            {
                names[i] = Required();
            }

            return names;
        }

        /// <summary>Room for as many as the next number says; it cannot be right if they do not fit into what is left.</summary>
        public T[] NewArray<T>()
        {
            int count = Number(NamesMax);
            HasFailed |= count > _rest.Length;
            return count == 0 || HasFailed ? [] : new T[count];
        }

        public DocumentKey Key()
        {
            byte root = Byte();
            HasFailed |= root > (byte)StoreRoot.Run;
            return new DocumentKey((StoreRoot)root, Name(), Required());
        }

        public ReadOnlyMemory<byte> Bytes() => Take(Number(int.MaxValue));

        private string Required()
        {
            string? name = Name();
            HasFailed |= name is null;
            return name ?? "";
        }

        private ReadOnlyMemory<byte> Take(int count)
        {
            if (HasFailed || count > _rest.Length)
            {
                HasFailed = true;
                return default;
            }

            ReadOnlyMemory<byte> taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
