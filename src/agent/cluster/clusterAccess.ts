/** How to reach the API server: a kubeconfig file, or the service account of the pod. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import type { Clock } from "../../runtime/clock.ts";
import type { Environment } from "../../runtime/env.ts";

export interface TlsMaterial {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
}

export interface ClusterAccess {
  server: URL;
  /** The agent's own namespace, where its Secrets are. */
  namespace(): string;
  /** Read again when asked again: files of a pod's volumes are rotated. */
  tls(): TlsMaterial;
  /** The bearer token; undefined with client certificates. */
  token(): string | undefined;
}

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Where deploy/ puts Aloft. */
const defaultNamespace = "aloft-system";

/** Bound tokens live for an hour and are rotated at 80 % of that. */
const rereadAfterMs = 60_000;

/**
 * @param kubeconfig path from the command line; without it KUBECONFIG counts, then the pod's service account.
 * @throws Error with code ALOFT_KUBECONFIG, the message naming the file and what is wrong with it.
 */
export async function loadClusterAccess(kubeconfig: string | undefined, environment: Environment, clock: Clock): Promise<ClusterAccess> {
  const path = kubeconfig ?? environment.kubeconfigPaths[0];
  if (path !== undefined) return fromKubeconfig(resolve(path), environment.podNamespace, clock);
  if (environment.inCluster) return fromServiceAccount(environment.inCluster, environment.podNamespace, clock);
  throw accessError("no API server is known: give --kubeconfig FILE, set KUBECONFIG, or run in a pod");
}

function fromServiceAccount({ host, port }: { host: string; port: number }, given: string | undefined, clock: Clock): ClusterAccess {
  const name = host.includes(":") ? `[${host}]` : host;
  const token = cachedFile(`${serviceAccount}/token`, clock);
  const ca = cachedFile(`${serviceAccount}/ca.crt`, clock);
  const own = cachedFile(`${serviceAccount}/namespace`, clock);
  return {
    server: new URL(`https://${name}:${port}`),
    namespace: () => given ?? own().trim(),
    tls: () => ({ ca: ca() }),
    token: () => token().trim(),
  };
}

const optionalText = z.string().min(1).optional();
const kubeconfigSchema = z.object({
  "current-context": z.string(),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: optionalText, namespace: optionalText }) }),
  ),
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({
        server: z.url({ protocol: /^https?$/ }),
        "certificate-authority": optionalText,
        "certificate-authority-data": optionalText,
        "insecure-skip-tls-verify": z.boolean().optional(),
        "tls-server-name": optionalText,
      }),
    }),
  ),
  users: z
    .array(
      z.object({
        name: z.string(),
        user: z.looseObject({
          token: optionalText,
          tokenFile: optionalText,
          "client-certificate": optionalText,
          "client-certificate-data": optionalText,
          "client-key": optionalText,
          "client-key-data": optionalText,
        }),
      }),
    )
    .default([]),
});

async function fromKubeconfig(path: string, namespace: string | undefined, clock: Clock): Promise<ClusterAccess> {
  // Only machines that have a kubeconfig pay for the parser.
  const { parse } = await import("yaml");
  const config = parseKubeconfig(path, parse);
  const context = named(config.contexts, config["current-context"], path, "context").context;
  const { cluster } = named(config.clusters, context.cluster, path, "cluster");
  const user = context.user === undefined ? {} : named(config.users, context.user, path, "user").user;
  const unsupported = ["exec", "auth-provider", "username"].find((key) => key in user);
  if (unsupported) throw accessError(`${path}: user ${context.user}: ${unsupported} is not supported, use a token or a client certificate`);
  const material = (data: string | undefined, file: string | undefined) => inlineOrFile(data, file, dirname(path), clock);
  const ca = material(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  const cert = material(user["client-certificate-data"], user["client-certificate"]);
  const key = material(user["client-key-data"], user["client-key"]);
  const tokenFile = material(undefined, user.tokenFile);
  return {
    server: new URL(cluster.server),
    namespace: () => namespace ?? context.namespace ?? defaultNamespace,
    tls: () => ({
      ca: ca?.(),
      cert: cert?.(),
      key: key?.(),
      servername: cluster["tls-server-name"],
      rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
    }),
    token: () => user.token ?? tokenFile?.().trim(),
  };
}

function parseKubeconfig(path: string, parse: (text: string) => unknown): z.infer<typeof kubeconfigSchema> {
  try {
    return kubeconfigSchema.parse(parse(readFileSync(path, "utf8")));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const what = issue ? `${issue.path.join(".")}: ${issue.message}` : (cause as Error).message;
    throw accessError(`kubeconfig ${path}: ${what}`, cause);
  }
}

function named<T extends { name: string }>(list: T[], name: string, path: string, kind: string): T {
  const found = list.find((entry) => entry.name === name);
  if (!found) throw accessError(`kubeconfig ${path}: there is no ${kind} "${name}"`);
  return found;
}

function inlineOrFile(data: string | undefined, file: string | undefined, base: string, clock: Clock): (() => string) | undefined {
  if (data !== undefined) {
    const text = Buffer.from(data, "base64").toString();
    return () => text;
  }
  return file === undefined ? undefined : cachedFile(resolve(base, file), clock);
}

/** Reads a file at most once a minute. When it cannot be read, the last content goes on; @throws when there has been none. */
function cachedFile(path: string, clock: Clock): () => string {
  let text: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (text !== undefined && clock.now() - readAt < rereadAfterMs) return text;
    readAt = clock.now();
    try {
      text = readFileSync(path, "utf8");
    } catch (cause) {
      if (text === undefined) throw accessError(`cannot read ${path}: ${(cause as Error).message}`, cause);
    }
    return text;
  };
}

function accessError(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code: "ALOFT_KUBECONFIG" });
}
