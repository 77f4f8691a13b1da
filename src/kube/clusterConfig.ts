/** Where the API server is and how this process proves who it is: the only use that Aloft makes of @kubernetes/client-node. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { AgentOptions, RequestOptions } from "node:https";
import { join } from "node:path";
import { type Cluster, KubeConfig } from "@kubernetes/client-node";
import { readEnvironment } from "../runtime/env.ts";
import { KubeError } from "./kubeError.ts";

export interface ClusterConfigOptions {
  /** An explicit kubeconfig. Default: $KUBECONFIG, then the service account of the pod, then ~/.kube/config. */
  kubeconfig?: string;
  /** Context of the kubeconfig; default its current one. */
  context?: string;
}

type DispatcherOptions = ReturnType<KubeConfig["createDispatcherOptions"]>;

/** What one request needs. Two credentials of equal `fingerprint` may share connections. */
export interface Credentials {
  headers: Record<string, string>;
  connection: DispatcherOptions;
  fingerprint: string;
}

const serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

export class ClusterConfig {
  /** Base URL of the API server. */
  readonly server: string;
  readonly namespace: string;
  readonly #config: KubeConfig;
  readonly #cluster: Cluster;

  /** Throws KubeError "Configuration" when there is no configuration or it names no cluster. */
  constructor(options: ClusterConfigOptions = {}) {
    this.#config = loadConfig(options);
    const context = this.#config.getContextObject(this.#config.currentContext);
    const cluster = this.#config.getCurrentCluster();
    if (!context || !cluster || !URL.canParse(cluster.server)) {
      const name = this.#config.currentContext;
      throw new KubeError("Configuration", `the kubeconfig has no ${name ? `usable context "${name}"` : "current context"}`);
    }
    this.#cluster = cluster;
    this.server = cluster.server;
    this.namespace = context.namespace || "default";
  }

  /** Reads token and certificates anew, because they are rotated while the process runs. Throws KubeError "Configuration". */
  async credentials(): Promise<Credentials> {
    const options: RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
      const connection = this.#config.createDispatcherOptions(this.#cluster, tlsOf(options));
      return { headers: headersOf(options), connection, fingerprint: fingerprintOf(options) };
    } catch (cause) {
      throw new KubeError("Configuration", `credentials for ${this.server}: ${messageOf(cause)}`, { cause });
    }
  }
}

function loadConfig(options: ClusterConfigOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    loadInto(config, options.kubeconfig);
  } catch (cause) {
    // The parser of YAML shows the place in further lines.
    throw new KubeError("Configuration", `kubeconfig: ${messageOf(cause).split("\n")[0]}`, { cause });
  }
  if (options.context !== undefined) config.setCurrentContext(options.context);
  return config;
}

/** The order of controller-runtime. client-node's own default ends in http://localhost:8080, which hides a missing configuration. */
function loadInto(config: KubeConfig, kubeconfig: string | undefined): void {
  const environment = readEnvironment();
  const home = join(environment.home, ".kube", "config");
  if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
  else if (environment.kubeconfigPaths.length > 0) config.loadFromDefault();
  else if (environment.inCluster && existsSync(serviceAccountToken)) config.loadFromCluster();
  else if (existsSync(home)) config.loadFromFile(home);
  else throw new Error(`none found: no --kubeconfig, no $KUBECONFIG, no service account, no ${home}`);
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file may end in a newline, which no header may.
    if (value !== undefined) headers[name.toLowerCase()] = String(value).trim();
  }
  return headers;
}

function tlsOf({ ca, cert, key, passphrase, rejectUnauthorized, servername }: RequestOptions): AgentOptions {
  return { ca, cert, key, passphrase, rejectUnauthorized, servername };
}

function fingerprintOf(options: RequestOptions): string {
  const hash = createHash("sha256");
  for (const part of [options.ca, options.cert, options.key, options.servername, options.rejectUnauthorized]) {
    hash.update(part === undefined ? "" : Buffer.isBuffer(part) ? part : JSON.stringify(part)).update("\0");
  }
  return hash.digest("hex");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
