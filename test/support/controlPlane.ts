/** A real Kubernetes API (etcd and kube-apiserver) of its own: on loopback, or inside a network namespace. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlaneBinaries, ensureControlPlane } from "../../scripts/build-control-plane.ts";
import { BackgroundProcess } from "./backgroundProcess.ts";
import { run } from "./command.ts";
import { exitOnSignals } from "./lanOwner.ts";
import { until } from "./waiting.ts";

export interface ControlPlaneUser {
  name: string;
  groups?: string[];
}

export interface ControlPlaneOptions {
  /** Network namespace that kube-apiserver and kubectl run in; default: the caller's own. */
  netns?: string;
  /** Address that kube-apiserver listens on and names in the kubeconfigs; default 127.0.0.1. */
  listenAddress?: string;
  /** Default: a free one. */
  port?: number;
  /** Users beside "admin" (system:masters); each gets a token and a kubeconfig. */
  users?: ControlPlaneUser[];
  /** Go on running when this process ends; the caller ends `pids` and removes `folder`. Default false: even SIGKILL of this process ends both. */
  outlivesProcess?: boolean;
}

export interface KubectlOptions {
  /** Standard input, for `-f -`. */
  input?: string;
  /** Whose kubeconfig is used; default "admin". */
  user?: string;
  /** Default 60 000. */
  timeoutMs?: number;
}

/** etcd wants URLs of the form host:port and makes of it a file name, here one in the folder that both servers run in. */
const etcdSocket = "unix://etcd-client:0";
const readyTimeoutMs = 90_000;
const admin: ControlPlaneUser = { name: "admin", groups: ["system:masters"] };

/** Builds the binaries if the cache lacks them, starts etcd and kube-apiserver and waits until the API is ready (2 to 10 s). */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await ensureControlPlane();
  const plane = new ControlPlane(binaries, options, options.port ?? (await freePort()));
  try {
    await plane.start();
  } catch (error) {
    await plane.stop();
    throw error;
  }
  return plane;
}

export class ControlPlane {
  /** Temporary folder with data, keys, kubeconfigs and the logs etcd.log and kube-apiserver.log. */
  readonly folder = mkdtempSync(join(tmpdir(), "aloft-control-plane-"));
  readonly url: string;
  /** Certificate that the API server's certificate is checked against; it exists once the control plane has started. */
  readonly caFile = join(this.folder, "ca.crt");
  readonly #binaries: ControlPlaneBinaries;
  readonly #tokens = new Map<string, string>();
  readonly #options: ControlPlaneOptions;
  readonly #address: string;
  readonly #port: number;
  #etcd: BackgroundProcess | undefined;
  #apiServer: BackgroundProcess | undefined;

  constructor(binaries: ControlPlaneBinaries, options: ControlPlaneOptions, port: number) {
    this.#binaries = binaries;
    this.#options = options;
    this.#address = options.listenAddress ?? "127.0.0.1";
    this.#port = port;
    this.url = `https://${this.#address.includes(":") ? `[${this.#address}]` : this.#address}:${port}`;
    this.#writeCredentials([admin, ...(options.users ?? [])]);
    exitOnSignals();
    if (!options.outlivesProcess) process.on("exit", this.#atExit);
  }

  /** Starts both servers; used by startControlPlane. */
  async start(): Promise<void> {
    this.#etcd = this.#spawn("etcd", this.#etcdArguments());
    await this.startApiServer();
  }

  /** Bearer token of a user; default "admin". */
  token(user = admin.name): string {
    const token = this.#tokens.get(user);
    if (!token) throw new Error(`the control plane has no user "${user}"`);
    return token;
  }

  /** Path of a user's kubeconfig; default "admin". */
  kubeconfig(user = admin.name): string {
    this.token(user);
    return join(this.folder, `${user}.kubeconfig`);
  }

  /** Process ids of the servers that run. */
  get pids(): number[] {
    return [this.#etcd, this.#apiServer].flatMap((server) => (server?.running ? [server.pid] : []));
  }

  /** Path of the kubectl that kubectl() runs. */
  get kubectlPath(): string {
    return this.#binaries.kubectl;
  }

  /** Runs kubectl and returns its standard output; throws with kubectl's own message when it fails. */
  async kubectl(args: string[], options: KubectlOptions = {}): Promise<string> {
    const common = [`--kubeconfig=${this.kubeconfig(options.user)}`, `--cache-dir=${join(this.folder, "kubectl-cache")}`];
    const [program = "", ...prefix] = [...this.#inNamespace(), this.#binaries.kubectl, ...common];
    try {
      return await run(program, [...prefix, ...args], { input: options.input, timeoutMs: options.timeoutMs ?? 60_000 });
    } catch (error) {
      // As a user would have typed it.
      if (error instanceof Error) error.message = error.message.replace([program, ...prefix].join(" "), "kubectl");
      throw error;
    }
  }

  /** Starts a stopped API server on the same port and waits until it is ready. */
  async startApiServer(): Promise<void> {
    if (this.#apiServer?.running) return;
    this.#apiServer = this.#spawn("kube-apiserver", this.#apiServerArguments());
    const ended = () => [this.#etcd, this.#apiServer].find((server) => !server?.running);
    const ready = async () => ended() || (await this.#isReady());
    const hint = () => this.#apiServer?.logTail(8) ?? "";
    await until("readiness of kube-apiserver", ready, { timeoutMs: readyTimeoutMs, everyMs: 100, hint });
    const failed = ended();
    if (failed) throw new Error(`${failed.name} ended with status ${failed.status?.code}:\n${failed.logTail(8)}`);
  }

  /** Ends the API server with SIGTERM (and SIGKILL after 10 s); etcd and its data stay. */
  async stopApiServer(): Promise<void> {
    await this.#apiServer?.stop(10_000);
  }

  /** Ends the API server at once, as a crash does: connections break without a farewell. */
  async killApiServer(): Promise<void> {
    await this.#apiServer?.kill();
  }

  async restartApiServer(): Promise<void> {
    await this.stopApiServer();
    await this.startApiServer();
  }

  /** Ends everything and removes the folder. Idempotent. */
  async stop(): Promise<void> {
    process.off("exit", this.#atExit);
    for (const server of [this.#etcd, this.#apiServer]) server?.child.ref(); // Undoes release(): its end is waited for.
    await Promise.all([this.#apiServer?.kill(), this.#etcd?.kill()]);
    this.#atExit();
  }

  readonly #atExit = (): void => {
    this.#apiServer?.signal("SIGKILL");
    this.#etcd?.signal("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  };

  #spawn(name: "etcd" | "kube-apiserver", args: string[]): BackgroundProcess {
    const guard = this.#options.outlivesProcess ? [] : ["setpriv", "--pdeathsig", "KILL", "--"];
    const [program = "", ...rest] = [...this.#inNamespace(), ...guard, this.#binaries[name], ...args];
    const server = BackgroundProcess.start(name, program, rest, { logFile: join(this.folder, `${name}.log`), cwd: this.folder });
    if (this.#options.outlivesProcess) server.release();
    return server;
  }

  #inNamespace(): string[] {
    return this.#options.netns === undefined ? [] : ["nsenter", `--net=/run/netns/${this.#options.netns}`, "--"];
  }

  async #isReady(): Promise<boolean> {
    if (!existsSync(this.caFile) && !this.#extractAuthority()) return false;
    return (await this.kubectl(["get", "--raw", "/readyz"], { timeoutMs: 5000 })) === "ok";
  }

  /** kube-apiserver makes its own certificate and the authority that signs it, and keeps both in one file, the authority last. */
  #extractAuthority(): boolean {
    const chain = join(this.folder, "apiserver.crt");
    if (!existsSync(chain)) return false;
    const certificates = readFileSync(chain, "utf8").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
    const authority = certificates[1];
    if (authority) writeFileSync(this.caFile, authority);
    return authority !== undefined;
  }

  #writeCredentials(users: ControlPlaneUser[]): void {
    const keys = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    writeFileSync(join(this.folder, "service-account.key"), keys.privateKey, { mode: 0o600 });
    writeFileSync(join(this.folder, "service-account.pub"), keys.publicKey);
    for (const { name } of users) {
      this.#tokens.set(name, randomBytes(16).toString("hex"));
      writeFileSync(this.kubeconfig(name), JSON.stringify(this.#kubeconfigOf(name), null, 2), { mode: 0o600 });
    }
    const lines = users.map(({ name, groups }) => `${this.token(name)},${name},${name},"${(groups ?? []).join(",")}"\n`);
    writeFileSync(join(this.folder, "tokens.csv"), lines.join(""), { mode: 0o600 });
  }

  /** JSON is YAML. */
  #kubeconfigOf(user: string): object {
    return {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "aloft", cluster: { server: this.url, "certificate-authority": this.caFile } }],
      users: [{ name: user, user: { token: this.token(user) } }],
      contexts: [{ name: "aloft", context: { cluster: "aloft", user } }],
      "current-context": "aloft",
    };
  }

  // Sockets instead of ports: no clash with another control plane.
  #etcdArguments(): string[] {
    const client = etcdSocket;
    const peer = "unix://etcd-peer:0";
    return [
      `--data-dir=${join(this.folder, "etcd")}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      "--unsafe-no-fsync", // The data lives no longer than this process.
      "--log-level=warn",
    ];
  }

  #apiServerArguments(): string[] {
    return [
      `--etcd-servers=${etcdSocket}`,
      `--bind-address=${this.#address}`,
      `--advertise-address=${this.#address}`,
      `--secure-port=${this.#port}`,
      `--cert-dir=${this.folder}`,
      `--token-auth-file=${this.folder}/tokens.csv`,
      "--authorization-mode=Node,RBAC",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${this.folder}/service-account.pub`,
      `--service-account-signing-key-file=${this.folder}/service-account.key`,
      "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
      "--endpoint-reconciler-type=none",
      "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname", // As kubeadm sets it: names of nodes are in no DNS here.
      "--disable-admission-plugins=ServiceAccount", // No controller manager makes the accounts' objects here.
    ];
  }
}

/**
 * A TCP port that is free now. Below the kernel's ephemeral range (32768 and up): a client that keeps trying to reach a stopped API server
 * on an ephemeral port may be given that very port, connect to itself, and so keep the server from coming back.
 */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (isFree) {
      await new Promise((resolve) => server.close(resolve));
      return port;
    }
  }
  throw new Error("no free port between 20000 and 29999");
}
