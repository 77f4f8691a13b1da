/**
 * A real Kubernetes cluster in namespaces of this machine: control plane, three nodes with kubelet, containerd and kube-proxy, and a client
 * outside. The machine's own network is not touched; an end of this process, however it comes, takes the cluster with it.
 *
 *   fabric  br0   172.30.0.1/16    fd00:30::1/64      etcd, kube-apiserver, controller manager, scheduler
 *   n1…n3   eth0  172.30.0.11/16…  fd00:30::11/64…    kubelet, containerd, kube-proxy; pods 10.244.<k>.0/24
 *   client  eth0  172.30.0.100/16  fd00:30::100/64
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { clusterBinaries, ensureBinaries } from "../../scripts/build-control-plane.ts";
import { type BuiltImage, buildImage } from "../../scripts/build-image.ts";
import { file } from "../../scripts/image/entries.ts";
import { makeLayer, ociArchive } from "../../scripts/image/ociArchive.ts";
import { BackgroundProcess } from "./backgroundProcess.ts";
import { type RunOptions, run } from "./command.ts";
import { exitOnSignals } from "./lanOwner.ts";

const root = join(import.meta.dirname, "../..");
const scripts = join(import.meta.dirname, "cluster");
export const chart = join(root, "charts/aloft");

const folderPrefix = "aloft-cluster-";
/** In the folder of a cluster that outlives its process: settings of the scripts. */
const keptFile = "kept.json";

const bootLimitMs = 240_000;

export type Place = "fabric" | "client";

export class KubeCluster {
  readonly nodes = ["n1", "n2", "n3"] as const;
  /** Of Aloft's image. */
  readonly image: string;
  /** Logs, keys and the nodes' disks. */
  readonly folder: string;
  readonly #name: string;
  /** Settings of the scripts. */
  readonly #ownEnvironment: Record<string, string>;
  readonly #environment: NodeJS.ProcessEnv;
  readonly kubectlPath: string;
  readonly #helm: string;
  #reaper: ChildProcess | undefined;

  private constructor(binaries: Record<(typeof clusterBinaries)[number], string>, image: BuiltImage) {
    this.image = image.reference;
    this.#name = `alc${process.pid}`;
    this.folder = mkdtempSync(join(tmpdir(), folderPrefix));
    this.kubectlPath = binaries.kubectl;
    this.#helm = binaries.helm;
    this.#ownEnvironment = {
      ALOFT_CLUSTER: this.#name,
      ALOFT_CLUSTER_STATE: this.folder,
      ALOFT_CLUSTER_KUBERNETES: dirname(binaries.kubelet),
      ALOFT_CLUSTER_ETCD: binaries.etcd,
      ALOFT_CLUSTER_NODES: this.nodes.join(" "),
      ALOFT_CLUSTER_IMAGES: [pauseArchive(), image.path].join(" "),
    };
    this.#environment = { ...process.env, ...this.#ownEnvironment };
  }

  /** Boots it: 10 to 20 s. Aloft's image is on every node, Aloft is not installed. */
  static async up(): Promise<KubeCluster> {
    const cluster = new KubeCluster(await ensureBinaries(clusterBinaries), buildImage());
    exitOnSignals();
    cluster.#reaper = cluster.#startReaper();
    try {
      await cluster.#script("up.sh", [], { timeoutMs: bootLimitMs });
    } catch (error) {
      await cluster.down();
      throw error;
    }
    return cluster;
  }

  /** Goes on when this process ends, until stopKept(). */
  keep(): void {
    writeFileSync(join(this.folder, keptFile), JSON.stringify(this.#ownEnvironment));
    this.#leaveReaper();
  }

  /** Ends what was kept; returns how many there were. */
  static async stopKept(): Promise<number> {
    const notes = globSync(join(tmpdir(), `${folderPrefix}*`, keptFile));
    for (const note of notes) {
      const environment = { ...process.env, ...(JSON.parse(readFileSync(note, "utf8")) as Record<string, string>) };
      await run(join(scripts, "down.sh"), [], { env: environment, timeoutMs: 60_000 });
      rmSync(dirname(note), { recursive: true, force: true });
    }
    return notes.length;
  }

  /** Leaves no process, namespace, link, cgroup, mount or file. Idempotent. */
  async down(): Promise<void> {
    await this.#script("down.sh", [], { timeoutMs: 60_000 });
    this.#leaveReaper();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** kubectl, or any program that KUBECONFIG tells where the cluster is, with what it wrote on standard output. */
  kubectl(args: string[], options: RunOptions = {}): Promise<string> {
    return this.#inside("fabric", this.kubectlPath, args, options);
  }

  helm(args: string[], options: RunOptions = {}): Promise<string> {
    return this.#inside("fabric", this.#helm, args, { timeoutMs: 180_000, ...options });
  }

  /** A command of this checkout's own aloft, as an administrator runs it. */
  aloft(args: string[], options: RunOptions = {}): Promise<string> {
    return this.#inside("fabric", join(root, "bin/aloft"), args, { timeoutMs: 60_000, ...options });
  }

  async apply(object: unknown): Promise<void> {
    await this.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
  }

  async get<T>(...what: string[]): Promise<T> {
    return JSON.parse(await this.kubectl(["get", ...what, "-o", "json"])) as T;
  }

  /** In the network of a host outside, or of the switch. */
  in(place: Place, program: string, args: string[], options: RunOptions = {}): Promise<string> {
    return this.#inside(place, program, args, options);
  }

  /** A long-lived one; the caller ends it. */
  spawnIn(place: Place, command: string[]): ChildProcess {
    const [program = "", ...args] = [...enter(this.#namespace(place)), ...command];
    return spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  }

  /** A long-lived one of the client's, with its output in a file of the folder. */
  spawn(host: "client", name: string, command: readonly string[]): BackgroundProcess {
    const [program = "", ...args] = [...enter(this.#namespace(host)), ...command];
    return BackgroundProcess.start(name, program, args, { logFile: join(this.folder, `${name}.log`) });
  }

  /** The program and arguments that run something in the network of a place. */
  enter(place: Place): string[] {
    return enter(this.#namespace(place));
  }

  /** The same in all namespaces of a node. */
  enterNode(node: string): string[] {
    const pid = readFileSync(join(this.folder, "nodes", node, "init.pid"), "utf8").trim();
    return ["nsenter", "--target", pid, "--mount", "--uts", "--ipc", "--net", "--pid", "--"];
  }

  /** In all namespaces of a node. */
  on(node: string, program: string, args: string[], options: RunOptions = {}): Promise<string> {
    const [enterer = "", ...rest] = [...this.enterNode(node), program, ...args];
    return run(enterer, rest, options);
  }

  /** What the kernel of a node has: addresses of all interfaces, without the prefix length. */
  async addresses(node: string): Promise<string[]> {
    const text = await run("ip", ["-json", "-netns", this.#namespace(node), "addr", "show"]);
    const links = JSON.parse(text) as { addr_info?: { local?: string }[] }[];
    return links.flatMap(({ addr_info = [] }) => addr_info.flatMap(({ local }) => local ?? []));
  }

  node(what: "kill" | "up" | "cut" | "heal" | "freeze" | "thaw", node: string): Promise<string> {
    return this.#script("node.sh", [what, node], { timeoutMs: 60_000 });
  }

  /** Of an administrator. */
  get kubeconfig(): string {
    return join(this.folder, "admin.kubeconfig");
  }

  /** IPv4, on the LAN. */
  addressOf(node: string): string {
    return `172.30.0.${10 + Number(node.slice(1))}`;
  }

  /** Folder of static pods of a node. */
  manifests(node: string): string {
    return join(this.folder, "nodes", node, "manifests");
  }

  api(what: "kill" | "start"): Promise<string> {
    return this.#script("api.sh", [what], { timeoutMs: 90_000 });
  }

  #leaveReaper(): void {
    this.#reaper?.stdin?.end("leave\n");
    this.#reaper?.unref();
  }

  #namespace(place: string): string {
    return `${this.#name}-${place}`;
  }

  #inside(place: Place, program: string, args: string[], options: RunOptions): Promise<string> {
    const [enterer = "", ...rest] = [...enter(this.#namespace(place)), program, ...args];
    const own = { KUBECONFIG: this.kubeconfig, HELM_CACHE_HOME: this.folder, HELM_CONFIG_HOME: this.folder };
    return run(enterer, rest, { timeoutMs: 60_000, ...options, env: { ...process.env, ...own, ...options.env } });
  }

  #script(name: string, args: string[], options: RunOptions): Promise<string> {
    return run(join(scripts, name), args, { ...options, env: this.#environment });
  }

  /** Its standard input is a pipe whose other end only this process has: reading ends when this process does, even by SIGKILL. */
  #startReaper(): ChildProcess {
    const program = `trap "" INT TERM HUP; read -r word; [ "$word" = leave ] || exec "${join(scripts, "down.sh")}"`;
    const reaper = spawn("sh", ["-c", program], { env: this.#environment, detached: true, stdio: ["pipe", "ignore", "ignore"] });
    reaper.unref();
    return reaper;
  }
}

/** Why there can be no cluster on this machine; undefined when there can. */
export function clusterLacks(): string | undefined {
  const paths = ["/usr/bin/containerd", "/usr/sbin/runc", "/usr/lib/cni/bridge", "/usr/sbin/nft", "/usr/bin/openssl"];
  const missing = paths.find((path) => !existsSync(path));
  if (missing) return `there is no ${missing}`;
  return existsSync("/sys/fs/cgroup/pids") ? undefined : "its nodes need the hierarchies of cgroup v1";
}

const enter = (namespace: string) => ["nsenter", `--net=/run/netns/${namespace}`, "--"];

/** The image that every pod's namespaces are held by. Built once. */
function pauseArchive(): string {
  const archive = join(root, "build/image/pause.tar");
  const source = join(scripts, "pause.c");
  if (existsSync(archive) && statSync(archive).mtimeMs > statSync(source).mtimeMs) return archive;
  const folder = mkdtempSync(join(tmpdir(), "aloft-pause-"));
  try {
    execFileSync("gcc", ["-Os", "-static", "-s", "-o", join(folder, "pause"), source]);
    const layer = makeLayer("pause", [file("/pause", readFileSync(join(folder, "pause")), 0o755)]);
    const image = { reference: "aloft.test/pause:1", entrypoint: ["/pause"], user: "65535:65535", environment: [], labels: {} };
    mkdirSync(dirname(archive), { recursive: true });
    writeFileSync(archive, ociArchive([layer], { ...image, architecture: process.arch === "arm64" ? "arm64" : "amd64" }).bytes);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return archive;
}
