/** Addresses of NodeAgent.spec → the core's form, or why one cannot stand. Pure. */
import { type Family, formatAddress, type IpPrefix, parseAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { NodeAddress } from "../../api/nodeAddress.ts";
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { DesiredAddress } from "../native/desiredState.ts";

/** An entry that cannot run: one sentence that begins with its field. */
export class Refusal extends Error {}

/** IFNAMSIZ holds a label too: 15 characters and the terminator. */
const longestLabel = 15;

/** "ADDRESS/PREFIXLENGTH" in canonical form. @throws Refusal */
export function canonicalPrefix(text: string, field: string): { prefix: IpPrefix; text: string } {
  const prefix = parsePrefix(text);
  if (!prefix) throw new Refusal(`${field}: "${text}" is not an address`);
  return { prefix, text: `${formatAddress(prefix)}/${prefix.prefixLength}` };
}

/** An address of that family, canonical; undefined stays. @throws Refusal */
export function canonicalAddress<Text extends string | undefined>(text: Text, family: Family, field: string): Text {
  if (text === undefined) return text;
  const address = parseAddress(text);
  if (address?.family !== family) throw new Refusal(`${field}: "${text}" is not an ${family} address`);
  return formatAddress(address) as Text;
}

/**
 * @param devices what its label may begin with when it names no interface of its own.
 * @throws Refusal
 */
export function desiredAddress(entry: NodeAddress, devices: readonly string[], field: string): DesiredAddress {
  const { prefix, text } = canonicalPrefix(entry.address, field);
  const address: DesiredAddress = { address: text };
  if (entry.interface !== undefined) address.interface = entry.interface;
  if (entry.scope !== undefined) address.scope = entry.scope;
  if (entry.advertised === false) address.advertised = false;
  if (entry.label !== undefined) {
    address.label = label(entry.label, prefix.family, entry.interface === undefined ? devices : [entry.interface], field);
  }
  if (entry.broadcast !== undefined) {
    if (prefix.family === "IPv6") throw new Refusal(`${field}: ${text}: IPv6 has no broadcast addresses`);
    address.broadcast = canonicalAddress(entry.broadcast, "IPv4", `${field}: broadcast`);
  }
  return address;
}

/** The kernel takes any text, but ifconfig shows an address only under the name of its device. */
function label(text: string, family: Family, devices: readonly string[], field: string): string {
  if (family === "IPv6") throw new Refusal(`${field}: label "${text}": only IPv4 addresses have labels`);
  const isNamed = devices.some((device) => text === device || text.startsWith(`${device}:`));
  if (!isNamed || text.length > longestLabel) {
    throw new Refusal(`${field}: label "${text}" must be ${devices[0]}:TEXT of at most ${longestLabel} characters`);
  }
  return text;
}

/** The addresses of a virtual router, without repetition. @throws Refusal */
export function routerAddresses({
  addresses,
  family,
  interface: device,
  virtualMACInterface: macvlan,
}: VirtualRouterSpec): DesiredAddress[] {
  const seen = new Set<string>();
  return addresses.flatMap((entry) => {
    // Files name the interface, whether the address stands there or on its macvlan.
    const address = desiredAddress(entry, macvlan === undefined ? [device] : [device, macvlan], "addresses");
    const isOther = (address.address.includes(":") ? "IPv6" : "IPv4") !== family;
    if (isOther && address.advertised !== false) {
      throw new Refusal(`addresses: ${address.address} is not ${family} as the virtual router is, and so cannot be advertised`);
    }
    const place = `${address.interface ?? ""} ${address.address}`;
    if (seen.has(place)) return [];
    seen.add(place);
    return address;
  });
}
