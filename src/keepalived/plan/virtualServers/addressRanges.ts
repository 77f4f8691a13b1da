/** Addresses of virtual_server_group: one, `10.0.0.1-9`, `10.0.0.1-10.0.0.9` or `10.0.0.8/29`. In IPv6 the short end is hexadecimal. */
import { familyBits, formatAddress, type IpAddress, parseAddress, parsePrefix } from "../../../api/ipAddress.ts";

/** More than these would be as many services in the kernel, each with all real servers. */
export const mostAddresses = 4096;

/** What is wrong, when it is no list of addresses. The grammar has checked the form. */
export function expandRange(written: string): string[] | { problem: string } {
  const { from, last } = written.includes("-") ? readEnds(written) : readPrefix(written);
  if (!from || last === undefined) return { problem: "is no range of addresses" };
  if (last < from.bits) return { problem: `has bits behind its length: write ${formatAddress({ ...from, bits: last })}` };
  const size = last - from.bits + 1n;
  if (size > BigInt(mostAddresses)) return { problem: `is more than ${mostAddresses} addresses: use a firewall mark` };
  return Array.from({ length: Number(size) }, (_, index) => formatAddress({ family: from.family, bits: from.bits + BigInt(index) }));
}

interface Ends {
  from: IpAddress | undefined;
  last: bigint | undefined;
}

/** Of a prefix with host bits the last one is the network's own address, which is before the first. */
function readPrefix(written: string): Ends {
  const prefix = parsePrefix(written);
  if (!prefix) return { from: undefined, last: undefined };
  const hostBits = (1n << BigInt(familyBits[prefix.family] - prefix.prefixLength)) - 1n;
  const network = prefix.bits & ~hostBits;
  return { from: prefix, last: network === prefix.bits ? network | hostBits : network };
}

const shortEnd = { IPv4: { radix: 10, mask: 0xffn }, IPv6: { radix: 16, mask: 0xffffn } };

function readEnds(written: string): Ends {
  const [first = "", end = ""] = written.split("-");
  const [from, to] = [parseAddress(first), parseAddress(end)];
  if (!from || to) return { from, last: to?.bits };
  const { radix, mask } = shortEnd[from.family];
  return { from, last: (from.bits & ~mask) | BigInt(Number.parseInt(end, radix)) };
}
