/** Bytes as UDP_CHECK writes them: `Ab12f 3` is AB 12 0F 03. A digit may be X, for any. */

/** Two digits for each byte; undefined when it is none. */
export function readHexString(words: readonly string[]): string | undefined {
  const parts = words
    .join(" ")
    .split(/\s+/)
    .filter((part) => part !== "");
  // What is left over of an odd number of digits is a byte of its own.
  const bytes = parts.flatMap((part) => part.match(/..?/g) ?? []).map((byte) => byte.padStart(2, "0"));
  return bytes.length > 0 && bytes.every((byte) => /^[0-9a-fx]{2}$/i.test(byte)) ? bytes.join("").toLowerCase() : undefined;
}
