/** How the adverts of an instance travel: addresses, group, peers, password, virtual MAC. */
import { type Family, formatAddress } from "../../api/ipAddress.ts";
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import { strictTTL } from "../../api/vrrpParameters.ts";
import type { CheckedBlock, CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostics, quote } from "../diagnostic.ts";
import type { WrittenAddress } from "../grammar/types.ts";
import type { GlobalSettings } from "./globalSettings.ts";

type Transport = Pick<
  VirtualRouterSpec,
  "sourceAddress" | "trackSourceAddress" | "multicastGroup" | "unicastPeers" | "peerTTLs" | "unicastTTL"
>;

const groupKeywords: Record<Family, string> = { IPv4: "vrrp_mcast_group4", IPv6: "vrrp_mcast_group6" };

/** Over IPv6 keepalived leaves the hop limit to the kernel unless unicast_ttl gives one; over IPv4 it takes 255. */
const kernelHopLimit = 64;

/** Words that make an instance a unicast one, if only it has peers. */
const unicastWords = ["unicast_src_ip", "unicast_fault_no_peer", "check_unicast_src", "unicast_ttl"];

export function planTransport(
  block: CheckedBlock,
  family: Family,
  { block: globals }: GlobalSettings,
  diagnostics: Diagnostics,
): Transport {
  const ofFamily = (statement: CheckedStatement, address: WrittenAddress) => {
    if (address.family === family) return [formatAddress(address)];
    diagnostics.error("conflict", statement.position, `an ${address.family} address: the instance is of ${family}`);
    return [];
  };
  const one = (container: CheckedBlock, keyword: string) => {
    const statement = container.last(keyword);
    const address = statement?.address("value");
    return statement && address ? ofFamily(statement, address)[0] : undefined;
  };
  // Of a peer that is there twice the first line counts.
  const peers = new Map<string, CheckedStatement>();
  for (const line of block.items("unicast_peer"))
    for (const peer of ofFamily(line, line.address() ?? { ...noAddress, family })) if (!peers.has(peer)) peers.set(peer, line);
  const source = block.statements.findLast(({ keyword }) => keyword === "mcast_src_ip" || keyword === "unicast_src_ip")?.keyword;
  const sourceAddress = source === undefined ? undefined : one(block, source);
  const multicastGroup = one(block, "mcast_dst_ip") ?? one(globals, groupKeywords[family]);
  if (block.items("unicast_peer").length === 0) reportNoPeers(block, diagnostics);
  return {
    ...planSource(sourceAddress, block, diagnostics),
    ...(peers.size > 0 ? planUnicast(peers, block, family, diagnostics) : multicastGroup !== undefined && { multicastGroup }),
  };
}

function planSource(
  sourceAddress: string | undefined,
  block: CheckedBlock,
  diagnostics: Diagnostics,
): Pick<Transport, "sourceAddress" | "trackSourceAddress"> {
  const tracked = block.last("track_src_ip");
  if (sourceAddress !== undefined) return { sourceAddress, ...(tracked && { trackSourceAddress: true }) };
  if (tracked) diagnostics.warning("ignored", tracked.position, "track_src_ip has no effect without mcast_src_ip or unicast_src_ip");
  return {};
}

function planUnicast(
  lines: ReadonlyMap<string, CheckedStatement>,
  block: CheckedBlock,
  family: Family,
  diagnostics: Diagnostics,
): Pick<Transport, "unicastPeers" | "peerTTLs" | "unicastTTL"> {
  const peers = [...lines];
  const written = block.last("unicast_ttl");
  if (written?.number() === 0) diagnostics.warning("value", written.position, "unicast_ttl 0 is taken for 1");
  const ttl = written ? Math.max(1, written.number() ?? 1) : family === "IPv4" ? strictTTL : kernelHopLimit;
  return {
    unicastPeers: peers.map(([peer]) => peer),
    peerTTLs: peers.map(([peer, line]) => ({ peer, ...readTTLs(line, diagnostics) })),
    ...(ttl !== strictTTL && { unicastTTL: ttl }),
  };
}

/** As in keepalived, any is good unless the line of the peer says otherwise. */
function readTTLs(line: CheckedStatement, diagnostics: Diagnostics): { minimum: number; maximum: number } {
  const read = (name: string, otherwise: number) => Number(line.option(name)?.values[0]?.value ?? otherwise);
  const [minimum, maximum] = [read("min_ttl", 0), read("max_ttl", strictTTL)];
  if (minimum > maximum)
    diagnostics.error("conflict", line.position, `min_ttl ${minimum} is above max_ttl ${maximum}: no advert of the peer would count`);
  return { minimum, maximum };
}

const noAddress = { bits: 0n, prefixLength: 0, hasLength: false };

function reportNoPeers(block: CheckedBlock, diagnostics: Diagnostics): void {
  const fault = block.last("unicast_fault_no_peer");
  if (fault) diagnostics.error("conflict", fault.position, "the instance has no unicast_peer, so it would be in FAULT for ever");
  const word = block.statements.find(({ keyword }) => unicastWords.includes(keyword) || keyword === "unicast_peer");
  if (word && !fault)
    diagnostics.warning(
      "conflict",
      word.position,
      `${quote(word.keyword)} without any unicast_peer: the adverts are multicast, as in keepalived`,
    );
}

/** The password as it travels, or what there is instead. */
export type Authentication = { kind: "none" } | { kind: "password"; password: string } | { kind: "AH"; statement: CheckedStatement };

export interface AuthenticationOptions {
  version: 2 | 3;
  family: Family;
  strict: boolean;
  diagnostics: Diagnostics;
}

export function readAuthentication(block: CheckedBlock, { version, family, strict, diagnostics }: AuthenticationOptions): Authentication {
  const authentication = block.last("authentication");
  const type = authentication?.block?.last("auth_type");
  if (!authentication?.block || !type) return { kind: "none" };
  const ignore = (reason: string): Authentication => {
    diagnostics.warning("ignored", authentication.position, `authentication is ignored, as in keepalived: ${reason}`);
    return { kind: "none" };
  };
  if (version === 3) return ignore("VRRP version 3 has none");
  if (strict) return ignore("strict_mode allows none");
  const pass = authentication.block.last("auth_pass");
  const written = pass?.text();
  if (!pass || written === undefined) return ignore("there is no auth_pass");
  if (type.text() === "AH") return family === "IPv4" ? { kind: "AH", statement: type } : ignore("AH is for IPv4 only");
  const password = firstBytes(written, 8);
  if (password !== undefined) return { kind: "password", password };
  const at = pass.args.get("value")?.[0]?.position ?? pass.position;
  diagnostics.error("value", at, "auth_pass: its first 8 bytes end within a character: write one of at most 8 bytes");
  return { kind: "none" };
}

/** Undefined when a character would be cut in two. */
function firstBytes(text: string, most: number): string | undefined {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= most) return text;
  const cut = new TextDecoder("utf-8", { fatal: false }).decode(bytes.subarray(0, most));
  return text.startsWith(cut) ? cut : undefined;
}

/** Names of macvlans, unique on the node: `vrrp.51`; as keepalived counts on when one is taken. */
export class MacvlanNames {
  readonly #taken: Set<string>;
  readonly #prefix: string;

  constructor(prefix: string, config: CheckedBlock) {
    this.#prefix = prefix;
    const given = config.all("vrrp_instance").flatMap(({ block }) => macvlanName(block?.last("use_vmac")) ?? []);
    this.#taken = new Set(given);
  }

  take(virtualRouterID: number, family: Family): string {
    for (let attempt = 0; ; attempt++) {
      const suffix = `${attemptNumber(attempt, family)}.${virtualRouterID}`;
      const name = `${this.#prefix.slice(0, 15 - suffix.length)}${suffix}`;
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      return name;
    }
  }
}

/** None, 1, 2, …; for IPv6 none, 6, 1, …, 5, 7, …. */
function attemptNumber(attempt: number, family: Family): string {
  if (attempt === 0) return "";
  if (family === "IPv4") return String(attempt);
  return String(attempt === 1 ? 6 : attempt <= 6 ? attempt - 1 : attempt);
}

const isMac = (text: string) => text.includes(":");

/** The name that `use_vmac [NAME] [MAC]` gives. */
export function macvlanName(statement: CheckedStatement | undefined): string | undefined {
  return macvlanWords(statement).find((word) => !isMac(word));
}

const macvlanWords = (statement: CheckedStatement | undefined) => ["name", "mac"].flatMap((argument) => statement?.text(argument) ?? []);

export function reportMacvlan(statement: CheckedStatement, diagnostics: Diagnostics): void {
  const words = macvlanWords(statement);
  const name = words.find((word) => !isMac(word));
  if (words.some(isMac))
    diagnostics.warning(
      "ignored",
      statement.position,
      "the MAC address is ignored: it is the virtual router's, 00-00-5E-00-01-VRID (IPv6: -02-VRID)",
    );
  if (name !== undefined && !/^[!-.0-9;-~]{1,15}$/.test(name))
    diagnostics.error(
      "value",
      statement.position,
      `use_vmac: expected the name of an interface (at most 15 characters), got ${quote(name)}`,
    );
}
