/** What a user of the cluster does and sees. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeAgent } from "../../src/api/nodeAgent.ts";
import type { VirtualIP } from "../../src/api/virtualIP.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { run } from "../support/command.ts";
import { chart, type KubeCluster } from "../support/kubeCluster.ts";
import { until } from "../support/waiting.ts";
import type { Connections } from "./connections.ts";
import type { Probing } from "./probe.ts";

export const namespace = "aloft-system";
/** How long a program that asks may take to start and to be answered, and how long it asks before anything is done. */
const [answerMs, beforeMs] = [10_000, 300];
/** One that the previous chart did not have. */
export const newColumn = "Backups";

export const virtualIP = (name: string, addresses: string[]) => ({
  apiVersion: "aloft.dev/v1alpha1",
  kind: "VirtualIP",
  metadata: { name },
  spec: { addresses: addresses.map((address) => ({ address })) },
});

export const addressPool = (name: string, addresses: string[]) => ({
  apiVersion: "aloft.dev/v1alpha1",
  kind: "AddressPool",
  metadata: { name },
  spec: { addresses },
});

/** Of type LoadBalancer, for the servers of startEcho(). Local: the node that has the address answers itself. */
export const echoService = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: {
    type: "LoadBalancer",
    loadBalancerClass: "aloft.dev/vrrp",
    externalTrafficPolicy: "Local",
    selector: { app: "echo" },
    ports: [
      { name: "who", protocol: "UDP", port: 7000 },
      { name: "talk", protocol: "TCP", port: 7001 },
      { name: "http", protocol: "TCP", port: 8080 },
    ],
  },
});

/** A server on every node, in the nodes' own network: whoever holds an address answers on it. */
const echo = (image: string) => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "echo" },
  spec: {
    selector: { matchLabels: { app: "echo" } },
    template: {
      metadata: { labels: { app: "echo" } },
      spec: {
        hostNetwork: true,
        terminationGracePeriodSeconds: 0,
        tolerations: [{ operator: "Exists" }],
        containers: [
          {
            name: "echo",
            image,
            imagePullPolicy: "Never",
            command: ["/usr/bin/node", "-e", readFileSync(join(import.meta.dirname, "echo.cjs"), "utf8")],
            env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
          },
        ],
      },
    },
  },
});

export class User {
  readonly #cluster: KubeCluster;

  constructor(cluster: KubeCluster) {
    this.#cluster = cluster;
  }

  install(from = chart): Promise<string> {
    return this.#cluster.helm(["install", "aloft", from, "-n", namespace, "--create-namespace", "--wait", "--timeout=120s"]);
  }

  upgrade(values: string[]): Promise<string> {
    const set = values.flatMap((value) => ["--set", value]);
    return this.#cluster.helm(["upgrade", "aloft", chart, "-n", namespace, "--wait", "--timeout=120s", ...set]);
  }

  /** The chart as it might have been before: VirtualIPs without a column. */
  async previousChart(): Promise<string> {
    const copy = join(this.#cluster.folder, "previous");
    // The kinds are a link to the folder of the checkout: what it leads to is copied.
    await run("cp", ["--recursive", "--dereference", chart, copy]);
    const edit = (path: string, change: (text: string) => string) => writeFileSync(path, change(readFileSync(path, "utf8")));
    edit(join(copy, "Chart.yaml"), (text) => text.replace(/^version: .*$/m, "version: 0.0.1"));
    edit(join(copy, "files/crds/aloft.dev_virtualips.yaml"), (text) => text.replace(`name: ${newColumn}`, "name: Old"));
    return copy;
  }

  async columns(): Promise<string[]> {
    interface Kind {
      spec: { versions: { additionalPrinterColumns: { name: string }[] }[] };
    }
    const { spec } = await this.#cluster.get<Kind>("crd", "virtualips.aloft.dev");
    return spec.versions.flatMap(({ additionalPrinterColumns }) => additionalPrinterColumns.map(({ name }) => name));
  }

  async startEcho(): Promise<void> {
    await this.#cluster.apply(echo(this.#cluster.image));
    await this.#cluster.kubectl(["rollout", "status", "daemonset/echo", "--timeout=60s"]);
  }

  /** The node that answers for an address, asked over HTTP from outside. */
  async answers(address: string): Promise<string> {
    const host = address.includes(":") ? `[${address}]` : address;
    const script = `fetch("http://${host}:8080", { signal: AbortSignal.timeout(1000) }).then((r) => r.text()).then(console.log)`;
    return (await this.#cluster.in("client", process.execPath, ["-e", script])).trim();
  }

  async answersWithin(address: string, timeoutMs: number): Promise<string> {
    return until(`an answer of ${address}`, () => this.answers(address), { timeoutMs, everyMs: 100 });
  }

  /** Asks without pause while `work` goes on, and a moment before and after it. */
  async probe(address: string, work: () => Promise<void>): Promise<Probing> {
    return (await this.whileRunning("probe.ts", [address], work)) as Probing;
  }

  /** Opens connections without pause meanwhile, and on until there are as many as that. */
  async connect(address: string, work: () => Promise<void>, atLeast = 0): Promise<Connections> {
    return (await this.whileRunning("connections.ts", [address, String(atLeast)], work)) as Connections;
  }

  /** What a program of this folder, in the client's network, prints at its end. */
  async whileRunning(program: string, args: readonly string[], work: () => Promise<void>): Promise<unknown> {
    const child = this.#cluster.spawnIn("client", [process.execPath, join(import.meta.dirname, program), ...args]);
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => (text += chunk));
    const ended = new Promise((resolve) => child.once("close", resolve));
    try {
      // Who is never answered tells in the end.
      await until("the first answers", () => text.includes("\n"), { everyMs: 20, timeoutMs: answerMs }).catch(() => {});
      await sleep(beforeMs);
      await work();
      await sleep(500);
    } finally {
      child.stdin?.end();
      await ended;
    }
    return JSON.parse(text.slice(text.indexOf("\n") + 1));
  }

  status(name: string): Promise<VirtualIP> {
    return this.#cluster.get<VirtualIP>("vip", name);
  }

  /** Waits until a pool has made a VirtualIP for its Services, and returns its name. */
  async virtualIPOf(pool: string): Promise<string> {
    const names = async () => (await this.#cluster.get<{ items: VirtualIP[] }>("vip", "-l", `aloft.dev/pool=${pool}`)).items;
    return until(`a VirtualIP of AddressPool ${pool}`, async () => (await names())[0]?.metadata.name, { everyMs: 100 });
  }

  /** Waits until one node answers, all others stand by, and the status says so; returns that node. */
  async settled(name: string, standbys = 2): Promise<string> {
    const settled = async () => {
      const { status } = await this.status(name);
      const { items } = await this.#cluster.get<{ items: NodeAgent[] }>("nodeagents");
      const states = items.flatMap((agent) => agent.status?.virtualRouters?.filter((router) => router.virtualIP === name) ?? []);
      const standing = states.filter(({ state }) => state === "BACKUP").length;
      const families = new Set(states.map(({ family }) => family)).size;
      return states.filter(({ state }) => state === "MASTER").length === families && standing === standbys * families && status?.activeNode;
    };
    return until(`VirtualIP ${name} on one node, ${standbys} standing by`, settled, { timeoutMs: 60_000, everyMs: 200 });
  }

  /** Starts a node again that had no power, and waits until its agent reports and its pods serve: what the API server knows of it is older. */
  async bringBack(node: string): Promise<void> {
    interface Pods {
      items: { status: { containerStatuses?: { ready: boolean; state: { running?: { startedAt: string } } }[] } }[];
    }
    const since = Math.floor(Date.now() / 1000) * 1000;
    const isNew = (time = "") => Date.parse(time) >= since;
    await this.#cluster.node("up", node);
    const isBack = async () => {
      const { status } = await this.#cluster.get<NodeAgent>("nodeagent", node);
      if (!isNew(status?.lastReportTime)) return false;
      const { items } = await this.#cluster.get<Pods>("pods", "-l", "app=echo", `--field-selector=spec.nodeName=${node}`);
      const containers = items.flatMap(({ status: { containerStatuses = [] } }) => containerStatuses);
      return containers.some(({ ready, state }) => ready && isNew(state.running?.startedAt));
    };
    await until(`node ${node} with all that it ran`, isBack, { timeoutMs: 90_000, everyMs: 200 });
  }

  /** What Aloft has left on the nodes, in their kernels and on their disks. */
  async leftOnNodes(addresses: readonly string[]): Promise<string[]> {
    const left = async (node: string) => {
      const standing = await this.#cluster.addresses(node);
      const links = await this.#cluster.on(node, "ip", ["-oneline", "-details", "link"]);
      const filters = await this.#cluster.on(node, "tc", ["filter", "show", "dev", "eth0", "ingress"]);
      const files = await this.#cluster.on(node, "ls", ["/var/lib/aloft"]);
      const found = [
        ...addresses.filter((address) => standing.includes(address)),
        ...links.split("\n").filter((link) => /aloft|macvlan|vrrp/i.test(link)),
        ...[filters, files].filter(Boolean),
      ];
      return found.map((what) => `${node}: ${what}`);
    };
    return (await Promise.all(this.#cluster.nodes.map(left))).flat();
  }

  async restarts(): Promise<number> {
    interface Pods {
      items: { status: { containerStatuses?: { restartCount: number }[] } }[];
    }
    const { items } = await this.#cluster.get<Pods>("pods", "-n", namespace);
    return items.flatMap(({ status }) => status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
  }

  /** The first address that the status of a Service names. */
  async serviceAddress(name: string): Promise<string> {
    interface Service {
      status: { loadBalancer: { ingress?: { ip?: string }[] } };
    }
    const address = async () => (await this.#cluster.get<Service>("service", name)).status.loadBalancer.ingress?.[0]?.ip;
    return until(`an address of Service ${name}`, address, { timeoutMs: 30_000, everyMs: 100 });
  }

  /** Resident memory in MB of the first process of each pod of that component; the greatest. */
  async memory(component: "agent" | "operator"): Promise<number> {
    const script = 'console.log(require("fs").readFileSync("/proc/1/status", "utf8"))';
    const { items } = await this.#cluster.get<{ items: KubeObject[] }>(
      "pods",
      "-n",
      namespace,
      "-l",
      `app.kubernetes.io/component=${component}`,
    );
    const sizes = items.map(async ({ metadata: { name } }) => {
      const status = await this.#cluster.kubectl(["-n", namespace, "exec", name, "--", "/usr/bin/node", "-e", script]);
      return Math.round(Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1]) / 1000);
    });
    return Math.max(...(await Promise.all(sizes)));
  }

  /** The only holder by the kernels of all nodes that run. */
  async holderByKernels(address: string, nodes: readonly string[]): Promise<string> {
    const has = await Promise.all(nodes.map(async (node) => ((await this.#cluster.addresses(node)).includes(address) ? [node] : [])));
    const holders = has.flat();
    assert.equal(holders.length, 1, `${address} is on ${holders.join(", ") || "no node"}`);
    return holders[0] ?? "";
  }
}
