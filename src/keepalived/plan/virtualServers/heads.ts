/** What a virtual_server stands for: an address and port, a firewall mark, or the lines of a virtual_server_group. */
import { type Family, formatAddress, parseAddress } from "../../../api/ipAddress.ts";
import type { CheckedBlock, CheckedStatement } from "../../checkedBlock.ts";
import { type Diagnostics, quote } from "../../diagnostic.ts";
import { expandRange, mostAddresses } from "./addressRanges.ts";

export interface AddressPort {
  address: string;
  /** 0: all. */
  port: number;
}

export interface Mark {
  mark: number;
  /** Undefined: that of its servers. */
  family: Family | undefined;
}

export interface Head {
  /** As people call it: `10.0.0.1 80`, `fwmark 3`, the name of the group. */
  name: string;
  addresses: AddressPort[];
  marks: Mark[];
  group?: CheckedStatement;
}

const families = { inet: "IPv4", inet6: "IPv6" } as const;

export function familyOf(written: string | undefined): Family | undefined {
  return written === "inet" || written === "inet6" ? families[written] : undefined;
}

export function readHead(statement: CheckedStatement, config: CheckedBlock, diagnostics: Diagnostics): Head | undefined {
  const mark = statement.number("fwmark");
  if (mark !== undefined) return { name: `fwmark ${mark}`, addresses: [], marks: readMark(statement, diagnostics) };
  const groupName = statement.text("group");
  if (groupName !== undefined) return readGroup(groupName, config, diagnostics);
  const address = statement.address();
  if (!address) return undefined;
  const [text, port] = [formatAddress(address), statement.number("port") ?? 0];
  return { name: port === 0 ? text : `${text} ${port}`, addresses: [{ address: text, port }], marks: [] };
}

function readMark(line: CheckedStatement, diagnostics: Diagnostics): Mark[] {
  const mark = line.number("fwmark") ?? 0;
  if (mark > 0) return [{ mark, family: familyOf(line.text("family")) }];
  diagnostics.error("value", line.position, "fwmark: 0 is no mark: packets without one have it");
  return [];
}

function readGroup(name: string, config: CheckedBlock, diagnostics: Diagnostics): Head | undefined {
  const group = config.all("virtual_server_group").find((statement) => statement.text("name") === name);
  const lines = group?.block?.statements ?? [];
  if (!group) return undefined;
  if (lines.length === 0)
    diagnostics.error("missing-setting", group.position, `virtual_server_group ${quote(name)} has no address and no mark`);
  const addresses = lines.flatMap((line) => (line.keyword === "" ? readLine(line, diagnostics) : []));
  const marks = lines.flatMap((line) => (line.keyword === "fwmark" ? readMark(line, diagnostics) : []));
  if (addresses.length > mostAddresses) {
    diagnostics.error(
      "value",
      group.position,
      `virtual_server_group ${quote(name)} has more than ${mostAddresses} addresses: use a firewall mark`,
    );
    return undefined;
  }
  return { name, addresses, marks, group };
}

function readLine(line: CheckedStatement, diagnostics: Diagnostics): AddressPort[] {
  const written = line.text("address") ?? "";
  const range = expandRange(written);
  if (!Array.isArray(range)) {
    diagnostics.error("value", line.position, `${quote(written)} ${range.problem}`);
    return [];
  }
  return range.map((address) => ({ address, port: line.number("port") ?? 0 }));
}

export interface Part {
  addresses: string[];
  /** None: all of them. */
  ports: number[];
  mark?: number;
  families: Family[];
  virtualIP?: string;
}

/** As many as an object has. */
const mostPerPart = 64;

/**
 * A VirtualServer has addresses that share their ports and are of one VirtualIP, or a mark: a group may be several.
 * @param holders the vrrp_instance of an address.
 */
export function splitHead({ addresses, marks }: Head, ownFamily: Family, holders: ReadonlyMap<string, string>): Part[] {
  const portsOf = new Map<string, Set<number>>();
  for (const { address, port } of addresses) portsOf.set(address, (portsOf.get(address) ?? new Set()).add(port));
  const parts = new Map<string, Part>();
  for (const [address, set] of portsOf) {
    // A port beside all of them is a service of its own.
    const specific = [...set].filter((port) => port !== 0).sort((a, b) => a - b);
    for (const ports of [...(specific.length > 0 ? [specific] : []), ...(set.has(0) ? [[]] : [])])
      addAddress(address, ports, holders.get(address), parts);
  }
  const marked = [...new Map(marks.map(({ mark, family = ownFamily }) => [`${mark} ${family}`, { mark, family }])).values()];
  return [...parts.values(), ...marked.map(({ mark, family }): Part => ({ addresses: [], ports: [], mark, families: [family] }))];
}

function addAddress(address: string, ports: number[], virtualIP: string | undefined, parts: Map<string, Part>): void {
  const family = parseAddress(address)?.family ?? "IPv4";
  for (let number = 0; ; number++) {
    const key = JSON.stringify([ports, virtualIP, number]);
    const part = parts.get(key) ?? { addresses: [], ports, families: [], ...(virtualIP !== undefined && { virtualIP }) };
    if (part.addresses.length >= mostPerPart) continue;
    part.addresses.push(address);
    if (!part.families.includes(family)) part.families.push(family);
    parts.set(key, part);
    return;
  }
}
