/** Directors, real servers and a client on one LAN, each with what its way of forwarding needs. */
import { fileURLToPath } from "node:url";
import type { IpvsDestination, IpvsService } from "../../src/agent/native/ipvsState.ts";
import type { Family } from "../../src/api/ipAddress.ts";
import { Lan } from "../support/lan.ts";
import { RemoteControl } from "../support/remoteControl.ts";
import { until } from "../support/waiting.ts";
import type { Answer, Answers, Request } from "./clientHost.ts";

const program = (name: string) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));

export const families: readonly Family[] = ["IPv4", "IPv6"];
export type Forwarding = IpvsDestination["forwarding"];

/** One for each way of forwarding: a real server has the address on another device for each, or not at all. */
export const virtualAddresses: Record<Forwarding, Record<Family, string>> = {
  NAT: { IPv4: "198.51.100.50", IPv6: "2001:db8:100::50" },
  DR: { IPv4: "198.51.100.51", IPv6: "2001:db8:100::51" },
  TUN: { IPv4: "198.51.100.52", IPv6: "2001:db8:100::52" },
};
/** NAT translates the port, too; by it servers know what has to go back through the director. */
export const ports = { virtual: 80, translated: 8080 };

export interface TrafficLanOptions {
  directors: number;
  servers: number;
  /** By which answers go back through NAT. Default: the first director. */
  gateway?: Record<Family, string>;
  byHand?: boolean;
}

export class TrafficLan {
  readonly lan: Lan;
  readonly directors: readonly string[];
  readonly servers: readonly string[];
  private readonly gateway: Record<Family, string>;
  private control: RemoteControl<Request, Answers> | undefined;

  private constructor(lan: Lan, { directors, gateway }: TrafficLanOptions) {
    this.lan = lan;
    this.directors = lan.nodes.slice(0, directors);
    this.servers = lan.nodes.slice(directors);
    this.gateway = gateway ?? lan.nodeAddress(this.directors[0] ?? "");
  }

  /** `byHand` (default): directors and real servers are prepared as the guides say. Without, what Aloft does for them is left to it. */
  static async create({ byHand = true, ...options }: TrafficLanOptions): Promise<TrafficLan> {
    const lan = await Lan.create({ nodes: options.directors + options.servers });
    const made = new TrafficLan(lan, options);
    try {
      await made.prepare(byHand);
      return made;
    } catch (error) {
      await lan.destroy();
      throw error;
    }
  }

  private async prepare(byHand: boolean): Promise<void> {
    for (const director of this.directors) await this.shell(director, [...forwards, ...(byHand ? redirectsNobody : [])]);
    for (const server of this.servers) await this.shell(server, [...this.wayBack(), ...(byHand ? takesAddresses() : [])]);
    await Promise.all(this.servers.map((server) => this.answer(server, ...Object.values(ports))));
    this.control = new RemoteControl(this.lan, "client", program("clientHost"));
  }

  private shell(host: string, lines: readonly string[]): Promise<string> {
    return this.lan.exec(host, ["sh", "-e", "-c", lines.join("\n")]);
  }

  /** What came through NAT goes back through the gateway, and nobody tells of a shorter way. */
  private wayBack(): string[] {
    const routes = families.flatMap((family) => {
      const ip = `ip -${family.at(-1)}`;
      return [
        `${ip} route add ${Lan.clientAddress[family]} via ${this.gateway[family]} table 100`,
        `${ip} rule add sport ${ports.translated} ipproto tcp lookup 100`,
      ];
    });
    const deaf = "net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.eth0.accept_redirects=0 net.ipv6.conf.eth0.accept_redirects=0";
    return [...routes, `sysctl -q -w ${deaf}`];
  }

  /** A server on a host, which tells its name. */
  async answer(host: string, ...listening: number[]): Promise<void> {
    const command = [process.execPath, program("realServerHost"), host, ...listening.map(String)];
    const running = this.lan.spawn(host, `server-${host}`, command);
    await until(`a real server on ${host}`, () => running.log().includes("ready"), { everyMs: 20, timeoutMs: 30_000 });
  }

  /**
   * The addresses of all ways of forwarding, or of these. Those of IPv6 are deprecated, as Aloft's are: otherwise a director may choose one
   * as the source of a tunnel, and a real server drops what comes from an address of its own.
   */
  async setAddresses(director: string, ways: readonly Forwarding[] = ["NAT", "DR", "TUN"]): Promise<void> {
    const lines = ways.flatMap((way) => [
      `ip address add ${virtualAddresses[way].IPv4}/32 dev eth0`,
      `ip address add ${virtualAddresses[way].IPv6}/128 dev eth0 nodad preferred_lft 0`,
    ]);
    await this.shell(director, lines);
  }

  /** A service on the servers, with these weights. NAT translates the port, too. */
  service(forwarding: Forwarding, family: Family, weights: readonly number[], changes: Partial<IpvsService> = {}): IpvsService {
    const destinations = weights.map((weight, index) => ({
      address: this.lan.nodeAddress(this.servers[index] ?? "")[family],
      port: forwarding === "NAT" ? ports.translated : ports.virtual,
      forwarding,
      weight,
    }));
    const key = { family, protocol: "TCP", address: virtualAddresses[forwarding][family], port: ports.virtual } as const;
    return { key, scheduler: "wrr", destinations, ...changes };
  }

  get client(): RemoteControl<Request, Answers> {
    if (!this.control) throw new Error("there is no client yet");
    return this.control;
  }

  open(forwarding: Forwarding, family: Family, count: number, options: { keep?: boolean; localAddress?: string } = {}): Promise<Answer[]> {
    return this.client.ask({ do: "open", address: virtualAddresses[forwarding][family], port: ports.virtual, count, ...options });
  }

  async destroy(): Promise<void> {
    await this.control?.kill();
    await this.lan.destroy();
  }
}

const forwards = ["sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0"];
const redirectsNobody = ["sysctl -q -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0"];

/** The address is on lo for DR, on the tunnel's device for TUN. */
function takesAddresses(): string[] {
  const { DR, TUN } = virtualAddresses;
  return [
    "sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2",
    `ip address add ${DR.IPv4}/32 dev lo`,
    `ip address add ${DR.IPv6}/128 dev lo nodad`,
    // By the kernel's own helper: the devices come with their modules.
    '"$(cat /proc/sys/kernel/modprobe)" ipip',
    "sysctl -q -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tunl0.rp_filter=0",
    "ip link set tunl0 up",
    '"$(cat /proc/sys/kernel/modprobe)" ip6_tunnel',
    "ip link set ip6tnl0 up",
    `ip address add ${TUN.IPv4}/32 dev tunl0`,
    `ip address add ${TUN.IPv6}/128 dev ip6tnl0 nodad`,
  ];
}

/** How many answers each server gave. */
export function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { server } of answers) counts[server] = (counts[server] ?? 0) + 1;
  return counts;
}
