/** Lines of virtual_ipaddress, virtual_ipaddress_excluded and static_ipaddress → addresses. */
import { formatAddress, isIPv4Mapped } from "../../api/ipAddress.ts";
import type { NodeAddress } from "../../api/nodeAgent.ts";
import type { CheckedOption, CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostics, quote } from "../diagnostic.ts";
import type { WrittenAddress } from "../grammar/types.ts";

/** As it was written: without a length when none was given, which means the full one. */
export function writeAddress(address: WrittenAddress): string {
  return address.hasLength ? `${formatAddress(address)}/${address.prefixLength}` : formatAddress(address);
}

export function optionText(option: CheckedOption | undefined): string | undefined {
  const value = option?.values[0]?.value;
  return typeof value === "string" ? value : undefined;
}

export function optionNumber(option: CheckedOption | undefined): number | undefined {
  const value = option?.values[0]?.value;
  return typeof value === "number" ? value : undefined;
}

export function optionAddress(option: CheckedOption | undefined): WrittenAddress | undefined {
  const value = option?.values[0]?.value;
  return typeof value === "object" && "bits" in value ? value : undefined;
}

/** Without `advertised`, and with the interface only where the line has one; undefined when an error was reported. */
export function planAddress(line: CheckedStatement, diagnostics: Diagnostics): NodeAddress | undefined {
  const address = line.address();
  if (!address) return undefined;
  if (address.prefixLength === 0 || isIPv4Mapped(address)) {
    diagnostics.error("value", line.position, `${quote(writeAddress(address))} cannot be moved: it is no address of a host`);
    return undefined;
  }
  const dev = optionText(line.option("dev"));
  return { address: writeAddress(address), ...(dev !== undefined && { interface: dev }), ...ipv4Options(line, address, diagnostics) };
}

type IPv4Options = Pick<NodeAddress, "label" | "scope" | "broadcast">;

/** IPv6 addresses have none of them; keepalived refuses a broadcast address and leaves the others out. */
function ipv4Options(line: CheckedStatement, address: WrittenAddress, diagnostics: Diagnostics): IPv4Options {
  if (address.family === "IPv4") {
    const [label, scope, broadcast] = [
      readLabel(line, diagnostics),
      readScope(line.option("scope"), diagnostics),
      readBroadcast(line, address, diagnostics),
    ];
    return { ...(label !== undefined && { label }), ...(scope && { scope }), ...(broadcast !== undefined && { broadcast }) };
  }
  for (const name of ["label", "scope", "brd"]) {
    const option = line.option(name);
    if (option) diagnostics.warning("ignored", option.position, `${quote(name)} is ignored: an IPv6 address has none`);
  }
  return {};
}

function readLabel(line: CheckedStatement, diagnostics: Diagnostics): string | undefined {
  const option = line.option("label");
  const label = optionText(option);
  if (option === undefined || label === undefined || /^[!-~]{1,15}$/.test(label)) return label;
  diagnostics.error(
    "value",
    option.values[0]?.position ?? option.position,
    `label: expected 1 to 15 printable characters, got ${quote(label)}`,
  );
  return undefined;
}

/** Numbers as in /etc/iproute2/rt_scopes. */
const scopeNumbers: Record<string, NodeAddress["scope"]> = { 0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere" };
const scopeNames = ["global", "site", "link", "host", "nowhere"] as const;

export function readScope(option: CheckedOption | undefined, diagnostics: Diagnostics): NodeAddress["scope"] {
  const written = optionText(option);
  if (option === undefined || written === undefined) return undefined;
  const scope = scopeNames.find((name) => name === written) ?? scopeNumbers[String(Number(written))];
  if (!scope) diagnostics.error("not-offered", option.position, `scope ${written} is not offered: it has no name`);
  return scope;
}

/** `+` sets the host bits, `-` clears them. */
function readBroadcast(line: CheckedStatement, { bits, prefixLength }: WrittenAddress, diagnostics: Diagnostics): string | undefined {
  const option = line.option("brd");
  const sign = optionText(option);
  if (!option || sign === undefined) {
    const given = optionAddress(option);
    return given && formatAddress(given);
  }
  if (prefixLength > 30) {
    diagnostics.warning("ignored", option.position, `\`brd ${sign}\` is ignored: a subnet of /${prefixLength} has no broadcast address`);
    return undefined;
  }
  const hostBits = (1n << BigInt(32 - prefixLength)) - 1n;
  return formatAddress({ family: "IPv4", bits: sign === "+" ? bits | hostBits : bits & ~hostBits });
}
