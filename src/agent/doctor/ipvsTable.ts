/** /proc/net/ip_vs as text → services. Pure. */
import { formatAddress, parseAddress } from "../../api/ipAddress.ts";

export interface TableService {
  protocol: string;
  /** Absent: a firewall mark. */
  address?: string;
  port?: number;
  firewallMark?: number;
  scheduler: string;
  /** As the kernel names it: Masq, Route, Tunnel, Local, Bypass. */
  forwardings: Set<string>;
}

const serviceLine = /^(TCP|UDP|SCTP|FWM) +(\S+) +(\S+)/;
const destinationLine = /^ +-> +(\[[^\]]*\]:[0-9A-F]{4}|[0-9A-F]{8}:[0-9A-F]{4}) +(\S+)/;

/** Lines that it does not know are passed over. */
export function parseIpvsTable(text: string): TableService[] {
  const services: TableService[] = [];
  for (const line of text.split("\n")) {
    const [, protocol = "", place = "", scheduler = ""] = serviceLine.exec(line) ?? [];
    if (protocol !== "") services.push({ protocol, ...parsePlace(protocol, place), scheduler, forwardings: new Set() });
    const forwarding = destinationLine.exec(line)?.[2];
    if (forwarding !== undefined) services.at(-1)?.forwardings.add(forwarding);
  }
  return services;
}

/** "0A0A0A64:0050", "[2001:0db8:…]:0050", "00000001" of a mark. */
function parsePlace(protocol: string, place: string): Pick<TableService, "address" | "port" | "firewallMark"> {
  if (protocol === "FWM") return { firewallMark: Number.parseInt(place, 16) };
  const split = place.lastIndexOf(":");
  const port = Number.parseInt(place.slice(split + 1), 16);
  const text = place.slice(0, split);
  const address = parseAddress(text.startsWith("[") ? text.slice(1, -1) : dotted(text));
  return { ...(address && { address: formatAddress(address) }), port };
}

function dotted(hexadecimal: string): string {
  return [0, 2, 4, 6].map((at) => Number.parseInt(hexadecimal.slice(at, at + 2), 16)).join(".");
}
