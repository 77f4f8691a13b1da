/** Entries → a tar archive in the ustar format of POSIX.1-1988. Pure: the same entries, the same bytes. */
import { type Entry, sorted } from "./entries.ts";

const blockSize = 512;
/** Readers expect records of 20 blocks. */
const recordSize = 20 * blockSize;
const directoryMode = 0o755;

const types = { file: "0", symbolicLink: "2", directory: "5" } as const;

interface Header {
  path: string;
  mode: number;
  size: number;
  type: (typeof types)[keyof typeof types];
  linkTo?: string;
}

/** Directories need no entry of their own: each one stands before what is in it. */
export function tar(entries: Entry[]): Buffer {
  const parts: Buffer[] = [];
  const known = new Set([""]);
  for (const { path, mode, content } of sorted(entries)) {
    const name = path.replace(/^\//, "");
    for (const directory of parents(name)) {
      if (known.has(directory)) continue;
      known.add(directory);
      parts.push(header({ path: `${directory}/`, mode: directoryMode, size: 0, type: types.directory }));
    }
    if (Buffer.isBuffer(content)) {
      parts.push(header({ path: name, mode, size: content.length, type: types.file }), content, padding(content.length, blockSize));
    } else {
      parts.push(header({ path: name, mode, size: 0, type: types.symbolicLink, linkTo: content.linkTo }));
    }
  }
  parts.push(Buffer.alloc(2 * blockSize));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, padding(length, recordSize)]);
}

function parents(name: string): string[] {
  const words = name.split("/").slice(0, -1);
  return words.map((_, index) => words.slice(0, index + 1).join("/"));
}

function padding(length: number, unit: number): Buffer {
  return Buffer.alloc((unit - (length % unit)) % unit);
}

/** Field offsets and widths: pax(1), "ustar Interchange Format". */
function header({ path, mode, size, type, linkTo = "" }: Header): Buffer {
  const block = Buffer.alloc(blockSize);
  const { name, prefix } = split(path);
  const text = (value: string, at: number) => block.write(value, at, "utf8");
  const octal = (value: number, at: number, width: number) => text(`${value.toString(8).padStart(width - 1, "0")}\0`, at);
  text(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  text(" ".repeat(8), 148);
  text(type, 156);
  if (Buffer.byteLength(linkTo) > 100) throw new Error(`${path}: the link is too long for an archive: ${linkTo}`);
  text(linkTo, 157);
  text("ustar\x0000", 257);
  text(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  text(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** A name of more than 100 bytes goes into two fields, parted at a slash. */
function split(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: "" };
  const slash = path.indexOf("/", path.length - 101);
  const [name, prefix] = [path.slice(slash + 1), path.slice(0, Math.max(slash, 0))];
  if (slash < 0 || name === "" || Buffer.byteLength(name) > 100 || Buffer.byteLength(prefix) > 155) {
    throw new Error(`the name is too long for an archive: ${path}`);
  }
  return { name, prefix };
}
