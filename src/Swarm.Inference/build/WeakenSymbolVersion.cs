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
    /// compiles this file as a task, the tests compile it as it is.
    /// </remarks>
    public static class SymbolVersionWeakener
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
    /// <summary>The build step: weakens a version in one library, unless the system's libstdc++ has that version.</summary>
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

        /// <summary>Path of the library in the output folder.</summary>
        [Microsoft.Build.Framework.Required]
        public string Library { get; set; }

        /// <summary>Name of the version.</summary>
        [Microsoft.Build.Framework.Required]
        public string Version { get; set; }

        /// <inheritdoc/>
        public override bool Execute()
        {
            var system = SystemLibraries.FirstOrDefault(File.Exists);
            if (system != null && Encoding.ASCII.GetString(File.ReadAllBytes(system)).Contains(Version + "\0"))
            {
                return true;
            }

            var image = File.ReadAllBytes(Library);
            if (SymbolVersionWeakener.Weaken(image, Version) == 0)
            {
                return true;
            }

            // A fresh file in its place: what is there may be a link to the package cache. The time stays the same, so that
            // the next build does not copy the original over it.
            var time = File.GetLastWriteTimeUtc(Library);
            var patched = Library + "." + Guid.NewGuid().ToString("N");
            File.WriteAllBytes(patched, image);
            File.SetLastWriteTimeUtc(patched, time);
            File.Replace(patched, Library, null);
            Log.LogMessage(
                Microsoft.Build.Framework.MessageImportance.Normal, "{0} does not need {1} any more.", Library, Version);
            return true;
        }
    }
#endif
}
