/** Lines of virtual_routes and static_routes → routes. */
import { type Family, formatAddress } from "../../api/ipAddress.ts";
import type { Route } from "../../api/nodeAgent.ts";
import type { CheckedOption, CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostics, quote } from "../diagnostic.ts";
import type { Value, WrittenAddress } from "../grammar/types.ts";
import { optionAddress, optionNumber, optionText, readScope, writeAddress } from "./addresses.ts";

type NextHop = NonNullable<Route["nextHops"]>[number];

const types = ["unicast", "blackhole", "unreachable", "prohibit", "local"] as const;

/** Undefined when an error was reported. Options that are not offered have been reported elsewhere. */
export function planRoute(line: CheckedStatement, diagnostics: Diagnostics): Route | undefined {
  const to = line.value("destination") ?? line.option("to")?.values[0]?.value;
  if (to === undefined) {
    diagnostics.error("missing-argument", line.position, "the route has no destination");
    return undefined;
  }
  const family = agreedFamily(line, to, diagnostics);
  if (!family) return undefined;
  const type = types.find((name) => line.has(name)) ?? "unicast";
  const nextHops = readNextHops(line);
  const source = optionAddress(line.option("src"));
  const metric = optionNumber(line.option("priority"));
  const table = readTable(line.option("table"), diagnostics);
  const scope = readScope(line.option("scope"), diagnostics);
  const mtu = readMtu(line.option("mtu"), diagnostics);
  return {
    destination: writeDestination(to, family),
    type,
    ...(nextHops.length > 0 && type === "unicast" && { nextHops }),
    ...(source && { source: formatAddress(source) }),
    ...(metric !== undefined && { metric }),
    ...(table !== undefined && table !== mainTable && { table }),
    ...(scope && { scope }),
    ...(mtu !== undefined && { mtu }),
  };
}

const anywhere: Record<Family, string> = { IPv4: "0.0.0.0/0", IPv6: "::/0" };
const isAddress = (value: Value | undefined): value is WrittenAddress => typeof value === "object" && "bits" in value;

/** An address, or one of the words for everywhere. */
export function writeDestination(value: Value, family: Family): string {
  return isAddress(value) ? writeAddress(value) : anywhere[family];
}

/** The one family that a line speaks of; IPv4 when it does not say. */
export function agreedFamily(line: CheckedStatement, destination: Value | undefined, diagnostics: Diagnostics): Family | undefined {
  const named: { family: Family; position: CheckedStatement["position"] }[] = [];
  if (isAddress(destination)) named.push({ family: destination.family, position: line.position });
  if (destination === "default6") named.push({ family: "IPv6", position: line.position });
  for (const option of line.options) {
    const address = optionAddress(option);
    if (address) named.push({ family: address.family, position: option.position });
    if (option.name === "inet" || option.name === "inet6")
      named.push({ family: option.name === "inet6" ? "IPv6" : "IPv4", position: option.position });
  }
  const family = named[0]?.family ?? "IPv4";
  const other = named.find((one) => one.family !== family);
  if (!other) return family;
  diagnostics.error("conflict", other.position, `${other.family} beside ${family}: a route or rule is of one family`);
  return undefined;
}

/** `via A dev B`, or each `nexthop` with what follows it; `via A or B` are two out of one interface. */
function readNextHops({ options }: CheckedStatement): NextHop[] {
  const begins = options.flatMap(({ name }, index) => (name === "nexthop" ? index : []));
  if (begins.length > 0) return begins.map((begin, index) => readNextHop(options.slice(begin, begins[index + 1])));
  const hop = readNextHop(options);
  const other = optionAddress(options.find(({ name }) => name === "or"));
  if (other) return [hop, { ...hop, via: formatAddress(other) }];
  return Object.keys(hop).length > 0 ? [hop] : [];
}

function readNextHop(options: readonly CheckedOption[]): NextHop {
  const find = (wanted: string) => options.find(({ name }) => name === wanted);
  const [via, dev, weight] = [optionAddress(find("via")), optionText(find("dev")), optionNumber(find("weight"))];
  return {
    ...(via && { via: formatAddress(via) }),
    ...(dev !== undefined && { interface: dev }),
    ...(weight !== undefined && { weight }),
    ...(find("onlink") && { onLink: true }),
  };
}

const mainTable = 254;
const tableNames: Record<string, number> = { default: 253, main: mainTable, local: 255 };

/** Other names stand in a file of the machine, which is not read here. */
export function readTable(option: CheckedOption | undefined, diagnostics: Diagnostics): number | undefined {
  const written = optionText(option);
  if (option === undefined || written === undefined) return undefined;
  const number = /^(?:[0-9]+|0x[0-9a-f]+)$/i.test(written) ? Number(written) : tableNames[written];
  if (number !== undefined && number >= 1 && number <= 4_294_967_295) return number;
  const at = option.values[0]?.position ?? option.position;
  diagnostics.error("value", at, `table: expected main, local, default or a number from 1 to 4294967295, got ${quote(written)}`);
  return undefined;
}

function readMtu(option: CheckedOption | undefined, diagnostics: Diagnostics): number | undefined {
  const mtu = optionNumber(option);
  if (!option || mtu === undefined || (mtu >= 68 && mtu <= 65_535)) return mtu;
  diagnostics.error("value", option.values[0]?.position ?? option.position, `mtu: expected a number from 68 to 65535, got \`${mtu}\``);
  return undefined;
}
