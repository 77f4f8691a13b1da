/**
 * Directors that run samples of keepalived.conf, each as if it were alone in the world, and one host that is the real servers of all of them:
 * open, refusing or silent, address by address.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Lan } from "../support/lan.ts";
import { replaceFile } from "../support/replacedFile.ts";
import { until } from "../support/waiting.ts";
import { type Moment, momentOf } from "./moment.ts";
import { refuse, setRules } from "./packetFilter.ts";

const program = fileURLToPath(new URL("./fixtureServers.ts", import.meta.url));

/** Of the real servers of the samples, and of where they are checked. */
const serverAddresses = [
  ...["10.1.0.69", "10.1.0.71", "10.1.0.169", "10.2.0.69", "10.3.0.71", "10.9.0.11", "10.9.0.12", "10.10.10.13", "10.10.10.14"],
  ...["172.16.0.69", "172.16.0.6", "192.168.1.2", "192.168.1.3", "192.168.1.11", "192.168.1.12"],
];
const networks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
/** Where some samples have their checks come from. */
const checkSource = "10.1.0.11";

export class FixtureBed {
  readonly lan: Lan;
  /** Those that are not taken yet. */
  readonly #free: string[];
  readonly #servers: string;
  #log = "";

  private constructor(lan: Lan) {
    this.lan = lan;
    this.#free = lan.nodes.slice(0, -1);
    this.#servers = lan.nodes.at(-1) ?? "";
  }

  static async create(directors: number): Promise<FixtureBed> {
    const bed = new FixtureBed(await Lan.create({ nodes: directors + 1 }));
    try {
      await bed.#prepare();
      return bed;
    } catch (error) {
      await bed.lan.destroy();
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    // Ports that are isolated hear of no other one that is: no director of the others, which have the same addresses.
    await this.#shell("fabric", [...this.#free.map((node) => `bridge link set dev ${node} isolated on`)]);
    await this.#shell(this.#servers, [
      "sysctl -q -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0",
      ...serverAddresses.map((address) => `ip address add ${address}/32 dev eth0`),
    ]);
    const way = this.lan.nodeAddress(this.#servers).IPv4;
    await Promise.all(
      this.#free.map(async (node) => {
        await this.#shell(node, [
          "sysctl -q -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0",
          // What a sample tracks, or has a virtual router on.
          "ip link add eth1 type dummy",
          "ip link set eth1 up",
          `ip address add ${checkSource}/32 dev lo`,
          ...networks.map((network) => `ip route add ${network} via ${way}`),
        ]);
        await setRules(this.lan, node, "nat", ownSource(this.lan.nodeAddress(node).IPv4));
      }),
    );
    const running = this.lan.spawn(this.#servers, "servers", [process.execPath, program]);
    this.#log = running.logFile;
    await until("the real servers", () => running.log().includes("ready"), {
      everyMs: 20,
      timeoutMs: 30_000,
      hint: () => running.logTail(),
    });
  }

  #shell(host: string, lines: readonly string[]): Promise<string> {
    return this.lan.exec(host, ["sh", "-e", "-c", lines.join("\n")]);
  }

  /** A director for a sample. */
  take(): string {
    const node = this.#free.shift();
    if (node === undefined) throw new Error("there are no more directors");
    return node;
  }

  /** From now on these addresses refuse connections, those do not answer, and all others do. */
  serverFailures({ refused = [], silent = [] }: { refused?: readonly string[]; silent?: readonly string[] }): Promise<Moment> {
    const rules = [...silent.map((address) => `-d ${address} -j DROP`), ...refused.flatMap((address) => refuse(`-d ${address}`))];
    return momentOf(() => setRules(this.lan, this.#servers, "filter", rules));
  }

  /** What the real servers have been asked: "10.1.0.69:80 GET /". */
  requests(): string[] {
    return readFileSync(this.#log, "utf8").split("\n");
  }

  /** The sample with its programs in a directory of the director; each notes how it was called. */
  withPrograms(node: string, text: string): { text: string; called(): string[]; answer(server: string, word: string): void } {
    const directory = join(this.lan.directory, `etc-${node}`);
    mkdirSync(directory, { recursive: true });
    const notes = join(directory, "notes");
    writeFileSync(notes, "");
    const answer = (server: string, word: string) => replaceFile(join(directory, `answer-${server}`), `${word}\n`);
    const programs = {
      "rs.sh": `echo "$@" >> ${notes}`,
      "notify.sh": "exit 0",
      "check-app.sh": `read -r word < ${directory}/answer-$1; [ "$word" = hang ] && exec sleep 60; exit "$word"`,
    };
    for (const [name, body] of Object.entries(programs)) {
      writeFileSync(join(directory, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(directory, name), 0o755);
    }
    return {
      text: text.replaceAll("/etc/keepalived", directory),
      called: () => readFileSync(notes, "utf8").split("\n").filter(Boolean),
      answer,
    };
  }

  destroy(): Promise<void> {
    return this.lan.destroy();
  }
}

/** A check may come from any address of its director, which others have, too: on the LAN it has the director's own. */
const ownSource = (address: string) =>
  networks.flatMap((network) => ["tcp", "udp", "icmp"].map((protocol) => `-d ${network} -p ${protocol} -j SNAT --to-source ${address}`));
