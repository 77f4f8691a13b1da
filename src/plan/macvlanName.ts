/** Names for the macvlans that carry virtual router MAC addresses. Pure. */
import type { Family } from "../api/ipAddress.ts";

/** IFNAMSIZ without the terminator. */
const longest = 15;

/** "v4-51-eth0": unique on a node, since VRIDs are so per family and interface. Where that is too long a hash stands for the interface. */
export function macvlanName(family: Family, virtualRouterID: number, parent: string): string {
  const prefix = `${family === "IPv4" ? "v4" : "v6"}-${virtualRouterID}-`;
  const room = longest - prefix.length;
  return prefix + (parent.length <= room ? parent : hash(parent).slice(0, room));
}

/** FNV-1a, 32 bits: 8 hexadecimal digits. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, "0");
}
