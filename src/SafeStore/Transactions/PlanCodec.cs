using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using SafeStore.Documents;

namespace SafeStore.Transactions;

/// <summary>The payload of a commit record: the plans of its sandboxes (docs/file-format.md, "Payload").</summary>
internal static class PlanCodec
{
    private const int NamesMax = 1 << 20;

    public static int SizeOf(SandboxPlan[] plans)
    {
        long size = 4;
        foreach (SandboxPlan plan in plans)
        {
            if (plan.Puts.Count > NamesMax || plan.Deletes.Count > NamesMax || plan.CreatedContainers.Count > NamesMax || plan.RemovedContainers.Count > NamesMax)
            {
                throw new ArgumentException($"The transaction changes more than {NamesMax} documents or containers of sandbox '{plan.Sandbox}'. Split it.", nameof(plans));
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

        return size <= Log.RecordFormat.PayloadBytesMax
            ? (int)size
            : throw new ArgumentException($"The transaction has {size} bytes; {Log.RecordFormat.PayloadBytesMax} are the most. Split it.", nameof(plans));
    }

    public static void Write(SandboxPlan[] plans, Span<byte> target)
    {
        var writer = new Writer(target);
        writer.Number(plans.Length);
        foreach (SandboxPlan plan in plans)
        {
            writer.Byte((byte)plan.Kind);
            writer.Name(plan.Sandbox);
            writer.Names(plan.CreatedContainers);
            writer.Names(plan.RemovedContainers);
            writer.Number(plan.Puts.Count);
            foreach (DocumentPut put in plan.Puts)
            {
                writer.Key(put.Key);
                writer.Bytes(put.Content.Span);
            }

            writer.Number(plan.Deletes.Count);
            foreach (DocumentKey key in plan.Deletes)
            {
                writer.Key(key);
            }
        }
    }

    /// <summary>Reads a payload; null if these bytes are none, in which case a newer version wrote them: the record's checksum was right.</summary>
    public static List<SandboxPlan>? TryRead(ReadOnlyMemory<byte> payload)
    {
        var reader = new Reader(payload);
        int count = reader.Number(NamesMax);
        var plans = new List<SandboxPlan>();
        for (int i = 0; i < count && !reader.HasFailed; i++)
        {
            var kind = (PlanKind)reader.Byte();
            string sandbox = reader.Name()!;
            List<string> created = reader.Names();
            List<string> removed = reader.Names();
            var puts = new List<DocumentPut>();
            for (int left = reader.Number(NamesMax); left > 0 && !reader.HasFailed; left--)
            {
                puts.Add(new DocumentPut(reader.Key(), reader.Bytes()));
            }

            var deletes = new List<DocumentKey>();
            for (int left = reader.Number(NamesMax); left > 0 && !reader.HasFailed; left--)
            {
                deletes.Add(reader.Key());
            }

            if (kind is not (PlanKind.Update or PlanKind.Create or PlanKind.Remove) || sandbox is null)
            {
                return null;
            }

            plans.Add(new SandboxPlan(sandbox, kind, created, removed, puts, deletes));
        }

        return reader.HasFailed || !reader.IsAtEnd ? null : plans;
    }

    private static long SizeOf(List<string> names)
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

        public void Names(List<string> names)
        {
            Number(names.Count);
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

    private struct Reader(ReadOnlyMemory<byte> payload)
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
            string name = Encoding.ASCII.GetString(Take(length).Span);
            HasFailed |= length > 0 && !Identifier.IsValid(name);
            return name.Length == 0 || HasFailed ? null : name;
        }

        public List<string> Names()
        {
            var names = new List<string>();
            for (int left = Number(NamesMax); left > 0 && !HasFailed; left--)
            {
                names.Add(Required());
            }

            return names;
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
