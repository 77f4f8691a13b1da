/** The archive that Linux takes its first files from. https://docs.kernel.org/driver-api/early-userspace/buffer-format.html */

export interface ArchiveEntry {
  /** A path from the root, without a leading "/". */
  name: string;
  content?: Uint8Array;
  isFolder?: boolean;
}

const magic = "070701";
const modes = { file: 0o100755, folder: 0o040755 };

/** All belongs to root and can be executed. */
export function cpioArchive(entries: readonly ArchiveEntry[]): Uint8Array {
  const all = [...entries, { name: "TRAILER!!!" }];
  return Buffer.concat(all.flatMap((entry, index) => record(entry, index + 1)));
}

function record({ name, content = new Uint8Array(), isFolder = false }: ArchiveEntry, inode: number): Uint8Array[] {
  const path = Buffer.from(`${name}\0`);
  const owner = [0, 0];
  const [links, time, check] = [1, 0, 0];
  const devices = [0, 0, 0, 0];
  const numbers = [inode, isFolder ? modes.folder : modes.file, ...owner, links, time, content.length, ...devices, path.length, check];
  const header = Buffer.from(magic + numbers.map((number) => number.toString(16).padStart(8, "0")).join(""));
  return [padded(Buffer.concat([header, path])), padded(content)];
}

/** To a multiple of four bytes. */
function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
