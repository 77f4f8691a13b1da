/**
 * A LAN in network namespaces: one bridge in a namespace of its own ("fabric"), nodes and a client on its ports. Nothing touches the
 * machine's own network namespace, and several LANs with the same addresses run side by side.
 *
 *   fabric  br0   198.51.100.1/24    2001:db8:100::1/64      ports n1, n2, …, client
 *   n1…     eth0  198.51.100.11/24…  2001:db8:100::11/64…
 *   client  eth0  198.51.100.100/24  2001:db8:100::100/64
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackgroundProcess, type SpawnOptions } from "./backgroundProcess.ts";
import { type RunOptions, run } from "./command.ts";
import { exitOnSignals, LanOwner, removeEmptyRegistry, sweepStaleLans } from "./lanOwner.ts";
import { until } from "./waiting.ts";

/**
 * How a link is cut. "silent": the switch forwards nothing any more, the node keeps its carrier and notices nothing.
 * "carrier": the switch's port goes down and the node's interface loses its carrier.
 */
export type Cut = "silent" | "carrier";

export interface LanOptions {
  /** Number of nodes: n1, n2, … */
  nodes: number;
}

export interface InterfaceAddress {
  /** Without the prefix length. */
  address: string;
  prefixLength: number;
  tentative: boolean;
}

interface Station {
  name: string;
  /** Last part of its addresses, in both families. */
  host: number;
}

let created = 0;

export class Lan {
  readonly prefix: string;
  /** Names of the nodes. */
  readonly nodes: readonly string[];
  /** Logs and state of everything that runs here; goes with the LAN unless keepDirectory() was called. */
  readonly directory: string;
  private readonly owner: LanOwner;
  private readonly processes: BackgroundProcess[] = [];
  private destroyed: Promise<void> | undefined;

  static readonly fabricAddress = { IPv4: "198.51.100.1", IPv6: "2001:db8:100::1" } as const;
  static readonly clientAddress = { IPv4: "198.51.100.100", IPv6: "2001:db8:100::100" } as const;

  private constructor(options: LanOptions) {
    this.prefix = `al${process.pid}x${created++}-`;
    this.nodes = Array.from({ length: options.nodes }, (_, index) => `n${index + 1}`);
    this.directory = mkdtempSync(join(tmpdir(), "aloft-"));
    exitOnSignals();
    this.owner = new LanOwner(this.prefix, this.directory);
  }

  /** Builds the LAN and returns when all link-local addresses can be used. What an earlier harness left behind is removed first. */
  static async create(options: LanOptions): Promise<Lan> {
    await sweepStaleLans();
    const lan = new Lan(options);
    try {
      await lan.build();
      return lan;
    } catch (error) {
      await lan.destroy();
      throw error;
    }
  }

  private stations(): Station[] {
    return [...this.nodes.map((name, index) => ({ name, host: 11 + index })), { name: "client", host: 100 }];
  }

  /** The address of a node that is its own. */
  nodeAddress(node: string): { IPv4: string; IPv6: string } {
    const host = 11 + this.nodes.indexOf(node);
    return { IPv4: `198.51.100.${host}`, IPv6: `2001:db8:100::${host}` };
  }

  /** Name of the network namespace of "fabric", "client" or a node, as `ip netns` knows it. */
  namespace(host: string): string {
    return `${this.prefix}${host}`;
  }

  private async build(): Promise<void> {
    const stations = this.stations();
    const all = ["fabric", ...stations.map(({ name }) => name)];
    await run("ip", ["-batch", "-"], { input: all.map((host) => `netns add ${this.namespace(host)}\n`).join("") });
    await this.shell(
      "fabric",
      [
        "sysctl -q -w net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0",
        "ip link set lo up",
        "ip link add br0 type bridge forward_delay 0 mcast_snooping 0",
        ...stations.map(({ name }) => `ip link add ${name} type veth peer name eth0 netns ${this.namespace(name)}`),
        // A port of a switch has no address of its own, also when it is cut off the bridge.
        ...stations.map(({ name }) => `ip link set ${name} addrgenmode none`),
        ...stations.map(({ name }) => `ip link set ${name} master br0 up`),
        "ip link set br0 up",
        "ip address add 198.51.100.1/24 dev br0",
        "ip address add 2001:db8:100::1/64 dev br0 nodad",
      ].join("\n"),
    );
    await Promise.all(stations.map((station) => this.configure(station)));
    await Promise.all(all.map((host) => this.linkLocal(host)));
  }

  private async configure({ name, host }: Station): Promise<void> {
    // Duplicate address detection is off only while the link-local address settles, or a LAN would take 2 s longer:
    // what a node adds later meets it as on any machine.
    await this.shell(
      name,
      [
        "sysctl -q -w net.ipv6.conf.eth0.accept_dad=0",
        "ip link set lo up",
        "ip link set eth0 up",
        `ip address add 198.51.100.${host}/24 brd + dev eth0`,
        `ip address add 2001:db8:100::${host}/64 dev eth0 nodad`,
      ].join("\n"),
    );
    await this.linkLocal(name);
    await this.shell(name, "sysctl -q -w net.ipv6.conf.eth0.accept_dad=1");
  }

  private async shell(host: string, script: string): Promise<void> {
    await this.exec(host, ["sh", "-e", "-c", script]);
  }

  /** Waits until the interface of `host` has a usable link-local address and returns it. */
  async linkLocal(host: string): Promise<string> {
    const found = await until(
      `a link-local address on ${host}`,
      async () => (await this.addresses(host)).find(({ address, tentative }) => address.startsWith("fe80:") && !tentative),
      { everyMs: 20 },
    );
    return found.address;
  }

  /** Runs a program in a host to its end and returns its standard output. */
  exec(host: string, command: readonly string[], options?: RunOptions): Promise<string> {
    return run("ip", ["netns", "exec", this.namespace(host), ...command], options);
  }

  /** Starts a program in a host; its pid is the program's own. Without `logFile` the log is `<name>.log` in the LAN's directory. */
  spawn(host: string, name: string, command: readonly string[], options: Partial<SpawnOptions> = {}): BackgroundProcess {
    const logFile = options.logFile ?? join(this.directory, `${name}.log`);
    const process = BackgroundProcess.start(name, "ip", ["netns", "exec", this.namespace(host), ...command], { ...options, logFile });
    this.processes.push(process);
    return process;
  }

  /** All addresses of the host's interface on the LAN. */
  async addresses(host: string): Promise<InterfaceAddress[]> {
    const device = host === "fabric" ? "br0" : "eth0";
    const listing = await run("ip", ["-json", "-netns", this.namespace(host), "address", "show", "dev", device]);
    const [link] = JSON.parse(listing) as { addr_info?: { local: string; prefixlen: number; tentative?: boolean }[] }[];
    return (link?.addr_info ?? []).map(({ local, prefixlen, tentative }) => ({
      address: local,
      prefixLength: prefixlen,
      tentative: tentative === true,
    }));
  }

  /** Addresses of all the host's interfaces that have a carrier, without their prefix lengths. */
  async allAddresses(host: string): Promise<string[]> {
    const listing = await run("ip", ["-json", "-netns", this.namespace(host), "address", "show"]);
    const links = JSON.parse(listing) as { flags?: string[]; addr_info?: { local: string }[] }[];
    return links
      .filter(({ flags = [] }) => flags.includes("LOWER_UP"))
      .flatMap(({ addr_info = [] }) => addr_info.map(({ local }) => local));
  }

  /** The hardware address of a host's interface on the LAN, in lower case. */
  async mac(host: string): Promise<string> {
    const device = host === "fabric" ? "br0" : "eth0";
    const listing = await run("ip", ["-json", "-netns", this.namespace(host), "link", "show", "dev", device]);
    const [link] = JSON.parse(listing) as { address: string }[];
    return link?.address ?? "";
  }

  /** Cuts a node, or the client, off the LAN. Idempotent. Returns when the switch forwards nothing to it and from it any more. */
  async cut(host: string, how: Cut = "silent"): Promise<void> {
    await (await this.prepareCut(host, how))();
  }

  /** Prepares a cut, so that it comes at once when the returned function is called: the start of a program takes milliseconds. */
  async prepareCut(host: string, how: Cut = "silent"): Promise<() => Promise<void>> {
    // Disabling the port takes effect at once; taking it off the bridge would first wait for all processors.
    const [tool, change] = how === "silent" ? ["bridge", `link set dev ${host} state 0`] : ["ip", `link set dev ${host} down`];
    const program = this.spawn("fabric", `cut-${host}`, [tool, "-batch", "-"], { pipeStdin: true });
    return async () => {
      program.child.stdin?.end(`${change}\n`);
      const { code } = await program.exited;
      if (code !== 0) throw new Error(`${host} could not be cut: ${program.logTail(2)}`);
    };
  }

  /** Undoes either cut. Idempotent. */
  async heal(host: string): Promise<void> {
    const input = `link set ${host} nomaster\nlink set ${host} master br0 up\n`;
    await run("ip", ["-netns", this.namespace("fabric"), "-batch", "-"], { input });
  }

  /** Kills every process of a host at once, as a power cut does; its network stays. */
  async killHost(host: string): Promise<void> {
    const pids = (await run("ip", ["netns", "pids", this.namespace(host)])).split("\n").filter(Boolean).map(Number);
    for (const pid of pids) kill(pid);
    await until(`the end of all processes of ${host}`, async () => (await run("ip", ["netns", "pids", this.namespace(host)])) === "");
  }

  /** Leaves the directory with its logs when the LAN goes. */
  keepDirectory(): void {
    this.owner.keepDirectory = true;
  }

  /** Leaves everything running when the harness ends; `note` comes back from keptLans(). */
  keep(note: unknown): void {
    for (const process of this.processes) process.release();
    this.owner.keep(note);
  }

  /** Ends all processes and removes all namespaces. Idempotent. */
  destroy(): Promise<void> {
    this.destroyed ??= this.remove();
    return this.destroyed;
  }

  private async remove(): Promise<void> {
    await this.owner.remove();
    removeEmptyRegistry();
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
