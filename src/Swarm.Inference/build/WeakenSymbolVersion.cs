using System;
using System.IO;
using System.Linq;
using System.Text;

namespace Swarm.Inference.Build
{
    /// <summary>
    /// Marks one required symbol version of a 64-bit little-endian ELF library as weak, so that a system whose library
    /// lacks that version loads it all the same.
    /// </summary>
    /// <remarks>
    /// Layout: System V gABI, "Dynamic Section", and the LSB's "Symbol Versioning": .gnu.version_r is a list of Verneed, each
    /// with a list of Vernaux whose second field are flags; VER_FLG_WEAK is 0x2. Written for old compilers as well: the build
    /// compiles this file as a task, the library compiles it as it is.
    /// </remarks>
    internal static class SymbolVersionWeakener
    {
        private const int VersionNeedType = 0x6ffffffe;
        private const ushort WeakFlag = 0x2;

        /// <summary>Sets the weak flag wherever the library requires the version.</summary>
        /// <param name="image">The library's bytes; changed in place.</param>
        /// <param name="version">Name of the version, such as <c>GLIBCXX_3.4.32</c>.</param>
        /// <returns>Number of entries that were changed; 0 when none requires it strongly.</returns>
        /// <exception cref="InvalidDataException">The bytes are not such a library.</exception>
        public static int Weaken(byte[] image, string version)
        {
            if (image.Length < 64 || image[0] != 0x7f || image[1] != (byte)'E' || image[2] != (byte)'L'
                || image[3] != (byte)'F' || image[4] != 2 || image[5] != 1)
            {
                throw new InvalidDataException("This is not a 64-bit little-endian ELF file.");
            }

            var sections = Offset(image, 40);
            var size = BitConverter.ToUInt16(image, 58);
            var count = BitConverter.ToUInt16(image, 60);
            var changed = 0;
            for (var index = 0; index < count; index++)
            {
                var section = sections + (index * size);
                Require(image, section, 64);
                if (BitConverter.ToInt32(image, section + 4) == VersionNeedType)
                {
                    var strings = sections + (BitConverter.ToInt32(image, section + 40) * size);
                    Require(image, strings, 64);
                    changed += WeakenSection(
                        image,
                        Offset(image, section + 24),
                        Offset(image, strings + 24),
                        version);
                }
            }

            return changed;
        }

        private static int WeakenSection(byte[] image, int need, int strings, string version)
        {
            var changed = 0;
            while (true)
            {
                Require(image, need, 16);
                var entry = need + BitConverter.ToInt32(image, need + 8);
                while (true)
                {
                    Require(image, entry, 16);
                    var flags = BitConverter.ToUInt16(image, entry + 4);
                    if ((flags & WeakFlag) == 0 && Name(image, strings + BitConverter.ToInt32(image, entry + 8)) == version)
                    {
                        image[entry + 4] = (byte)(flags | WeakFlag);
                        changed++;
                    }

                    var nextEntry = BitConverter.ToInt32(image, entry + 12);
                    if (nextEntry <= 0)
                    {
                        break;
                    }

                    entry += nextEntry;
                }

                var nextNeed = BitConverter.ToInt32(image, need + 12);
                if (nextNeed <= 0)
                {
                    return changed;
                }

                need += nextNeed;
            }
        }

        private static string Name(byte[] image, int start)
        {
            var end = start;
            while (end >= 0 && end < image.Length && image[end] != 0)
            {
                end++;
            }

            return start < 0 || start > image.Length ? "" : Encoding.ASCII.GetString(image, start, end - start);
        }

        private static int Offset(byte[] image, int at)
        {
            var offset = BitConverter.ToInt64(image, at);
            if (offset < 0 || offset > image.Length)
            {
                throw new InvalidDataException("The ELF file is cut or its tables are damaged at " + at + ".");
            }

            return (int)offset;
        }

        private static void Require(byte[] image, int offset, int length)
        {
            if (offset < 0 || offset > image.Length - length)
            {
                throw new InvalidDataException("The ELF file is cut or its tables are damaged at " + offset + ".");
            }
        }
    }

#if !WEAKENER_ALONE
    /// <summary>
    /// The build step: makes copies of libraries in which a version is weak, unless the system's libstdc++ has that version.
    /// </summary>
    public sealed class WeakenSymbolVersion : Microsoft.Build.Utilities.Task
    {
        private static readonly string[] SystemLibraries =
        {
            "/lib/x86_64-linux-gnu/libstdc++.so.6",
            "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
            "/usr/lib64/libstdc++.so.6",
            "/lib64/libstdc++.so.6",
            "/usr/lib/libstdc++.so.6",
        };

        /// <summary>The libraries; they are not changed.</summary>
        [Microsoft.Build.Framework.Required]
        public Microsoft.Build.Framework.ITaskItem[] Libraries { get; set; }

        /// <summary>Name of the version.</summary>
        [Microsoft.Build.Framework.Required]
        public string Version { get; set; }

        /// <summary>Folder for the copies.</summary>
        [Microsoft.Build.Framework.Required]
        public string Folder { get; set; }

        /// <summary>Libraries of which there is a copy now.</summary>
        [Microsoft.Build.Framework.Output]
        public Microsoft.Build.Framework.ITaskItem[] Originals { get; set; }

        /// <summary>Their copies, in the same order and with the same metadata.</summary>
        [Microsoft.Build.Framework.Output]
        public Microsoft.Build.Framework.ITaskItem[] Weakened { get; set; }

        /// <inheritdoc/>
        public override bool Execute()
        {
            Originals = Weakened = new Microsoft.Build.Framework.ITaskItem[0];
            var system = SystemLibraries.FirstOrDefault(File.Exists);
            if (system != null && Encoding.ASCII.GetString(File.ReadAllBytes(system)).Contains(Version + "\0"))
            {
                return true;
            }

            Originals = Libraries.Where(Weaken).ToArray();
            Weakened = Originals.Select(Copy).ToArray();
            return true;
        }

        private Microsoft.Build.Framework.ITaskItem Copy(Microsoft.Build.Framework.ITaskItem library)
        {
            var copy = new Microsoft.Build.Utilities.TaskItem(library);
            copy.ItemSpec = PathOfCopy(library);
            return copy;
        }

        private string PathOfCopy(Microsoft.Build.Framework.ITaskItem library)
        {
            return Path.Combine(Folder, Path.GetFileName(library.ItemSpec));
        }

        private bool Weaken(Microsoft.Build.Framework.ITaskItem library)
        {
            var image = File.ReadAllBytes(library.ItemSpec);
            if (SymbolVersionWeakener.Weaken(image, Version) == 0)
            {
                return false;
            }

            // Only what differs is written, and in one step: another build may read it, and an unchanged time spares a copy.
            var path = PathOfCopy(library);
            if (!File.Exists(path) || !File.ReadAllBytes(path).SequenceEqual(image))
            {
                Directory.CreateDirectory(Folder);
                var written = path + "." + Guid.NewGuid().ToString("N");
                File.WriteAllBytes(written, image);
                if (File.Exists(path))
                {
                    File.Replace(written, path, null);
                }
                else
                {
                    File.Move(written, path);
                }
            }

            Log.LogMessage(
                Microsoft.Build.Framework.MessageImportance.Normal, "{0} does not need {1} any more.", path, Version);
            return true;
        }
    }
#endif
}
