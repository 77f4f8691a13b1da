/** Either make as a pair of directors before the same real servers. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { advertisementIntervalMs, type Pair, priorities } from "../../test/ipvs/pair.ts";
import { ports, virtualAddresses } from "../../test/ipvs/trafficLan.ts";
import type { BackgroundProcess } from "../../test/support/backgroundProcess.ts";
import { until } from "../../test/support/waiting.ts";
import type { Make } from "../make.ts";

export interface Subject {
  readonly pair: Pair;
  /** Both directors, of which the first holds the address. */
  start(): Promise<void>;
  /** Kills the first one, as it is. */
  kill(): Promise<void>;
  /** Ends the first one in order. */
  stop(): Promise<void>;
  /** Resolves when the second one holds the address. */
  takenOver(): Promise<void>;
}

export const subjects: Record<Make, (pair: Pair) => Subject> = {
  aloft: (pair) => new AloftSubject(pair),
  keepalived: (pair) => new KeepalivedSubject(pair),
};

const servers = [0, 1, 2];

/** Everything by default; the number of the sync daemons takes a file, where there is no operator. */
class AloftSubject implements Subject {
  readonly pair: Pair;

  constructor(pair: Pair) {
    this.pair = pair;
  }

  start(): Promise<void> {
    return this.pair.startBoth({ services: [{ forwarding: "DR", servers }], config: { ipvs: { sync: { id: 7 } } } });
  }

  kill(): Promise<void> {
    return this.pair.agent(0).process.kill();
  }

  async stop(): Promise<void> {
    await this.pair.agent(0).process.stop();
  }

  takenOver(): Promise<void> {
    return this.pair.holds(1);
  }
}

const address = virtualAddresses.DR.IPv4;

/** A pair with lvs_sync_daemon, as its manual has it. */
class KeepalivedSubject implements Subject {
  readonly pair: Pair;
  private readonly processes: BackgroundProcess[] = [];

  constructor(pair: Pair) {
    this.pair = pair;
  }

  async start(): Promise<void> {
    for (const director of priorities.keys()) {
      this.run(director);
      if (director === 0) await this.holds(director);
    }
    await until("the sync daemons of keepalived", async () => {
      const daemons = await Promise.all(this.pair.bed.directors.map((name) => this.pair.bed.lan.exec(name, ["ipvsadm", "-L", "--daemon"])));
      return daemons.every((text, director) => text.startsWith(director === 0 ? "master" : "backup"));
    });
  }

  private folder(director: number): string {
    return join(this.pair.bed.lan.directory, `keepalived-${this.pair.name(director)}`);
  }

  private run(director: number): void {
    const folder = this.folder(director);
    mkdirSync(folder);
    const file = join(folder, "keepalived.conf");
    writeFileSync(file, this.configuration(director));
    const pids = ["pid", "vrrp_pid", "checkers_pid"].map((name) => `--${name}=${join(folder, name)}`);
    const command = ["keepalived", "--dont-fork", "--no-syslog", `--use-file=${file}`, ...pids];
    const node = this.pair.name(director);
    this.processes[director] = this.pair.bed.lan.spawn(node, `keepalived-${node}`, command);
  }

  private configuration(director: number): string {
    const { bed } = this.pair;
    const real = servers.map((index) => bed.lan.nodeAddress(bed.servers[index] ?? "").IPv4);
    return `global_defs {
  lvs_sync_daemon eth0 edge
}
vrrp_instance edge {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id 51
  priority ${priorities[director]}
  advert_int ${advertisementIntervalMs / 1000}
  virtual_ipaddress {
    ${address}/32 dev eth0
  }
}
virtual_server ${address} ${ports.virtual} {
  lb_algo rr
  lb_kind DR
  protocol TCP
${real.map((server) => `  real_server ${server} ${ports.virtual} {\n  }\n`).join("")}}
`;
  }

  private async holds(director: number): Promise<void> {
    await until(`the address on director ${director}`, async () => {
      const held = await this.pair.bed.lan.addresses(this.pair.name(director));
      return held.some((one) => one.address === address);
    });
  }

  /** The children first, while their parent stands still: each would tidy up when it sees another one go. */
  async kill(): Promise<void> {
    const parent = this.processes[0];
    parent?.signal("SIGSTOP");
    for (const name of ["vrrp_pid", "checkers_pid"]) process.kill(Number(readFileSync(join(this.folder(0), name), "utf8")), "SIGKILL");
    await parent?.kill();
  }

  async stop(): Promise<void> {
    await this.processes[0]?.stop(30_000);
  }

  takenOver(): Promise<void> {
    return this.holds(1);
  }
}
