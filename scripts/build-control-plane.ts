/**
 * Builds what the demo and the tests run beside Aloft, unmodified, from the Go module proxy: a control plane, the programs of a Kubernetes
 * node, and the tools that the chart is checked with. Versions stand in the go.mod of each module of ours. The binaries live in a cache
 * outside the checkout, one folder per version.
 *
 *   build-control-plane.ts [NAME...]   builds these (default: those of the control plane)
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { acquireLock } from "./lock.ts";
import { withProgress } from "./progress.ts";

const testFolder = join(dirname(fileURLToPath(import.meta.url)), "../test");

interface Binary {
  name: string;
  /** The Go module of ours that pins it, below test/. */
  module: string;
  /** The upstream module whose version it carries. */
  upstream: string;
  package: string;
}

const etcdServer = "go.etcd.io/etcd/server/v3";
const kubernetes = (name: string) =>
  ({ name, module: "controlplane/kubernetes", upstream: "k8s.io/kubernetes", package: `k8s.io/kubernetes/cmd/${name}` }) as const;

const binaries = {
  etcd: { name: "etcd", module: "controlplane/etcd", upstream: etcdServer, package: etcdServer },
  "kube-apiserver": kubernetes("kube-apiserver"),
  kubectl: kubernetes("kubectl"),
  "kube-controller-manager": kubernetes("kube-controller-manager"),
  "kube-scheduler": kubernetes("kube-scheduler"),
  "kube-proxy": kubernetes("kube-proxy"),
  kubelet: kubernetes("kubelet"),
  helm: { name: "helm", module: "tools/helm", upstream: "helm.sh/helm/v4", package: "helm.sh/helm/v4/cmd/helm" },
  promtool: {
    name: "promtool",
    module: "tools/prometheus",
    upstream: "github.com/prometheus/prometheus",
    package: "github.com/prometheus/prometheus/cmd/promtool",
  },
} satisfies Record<string, Binary>;
export type BinaryName = keyof typeof binaries;

const controlPlane = ["etcd", "kube-apiserver", "kubectl"] as const;
/** Beside the control plane, what a cluster with kubelets consists of. */
export const clusterBinaries = [...controlPlane, "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "helm"] as const;

/** Paths of the three executables. */
export type ControlPlaneBinaries = Record<(typeof controlPlane)[number], string>;

/** Where built binaries are kept: $ALOFT_CACHE, else $XDG_CACHE_HOME/aloft, else ~/.cache/aloft. */
function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.ALOFT_CACHE) return environment.ALOFT_CACHE;
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "aloft");
}

/**
 * Builds what the cache lacks and returns the paths. Safe to call from several processes at once.
 * Throws when Go is missing or a build fails, with the compiler's last lines in the message.
 */
export async function ensureBinaries<Name extends BinaryName>(names: readonly Name[]): Promise<Record<Name, string>> {
  const targets = names.map((name) => ({ binary: binaries[name] as Binary, path: pathOf(binaries[name]) }));
  if (targets.some(({ path }) => !existsSync(path))) {
    mkdirSync(cacheFolder(), { recursive: true });
    const release = await acquireLock(join(cacheFolder(), "control-plane.lock"), (holder) =>
      process.stderr.write(`waiting for process ${holder}, which builds the control plane\n`),
    );
    try {
      for (const { binary, path } of targets) if (!existsSync(path)) await build(binary, path);
    } finally {
      release();
    }
  }
  return Object.fromEntries(targets.map(({ binary, path }) => [binary.name, path])) as Record<Name, string>;
}

export function ensureControlPlane(): Promise<ControlPlaneBinaries> {
  return ensureBinaries(controlPlane);
}

function pathOf(binary: Binary): string {
  return join(cacheFolder(), `${basename(binary.module)}-${versionOf(binary)}`, binary.name);
}

function versionOf({ module, upstream }: Binary): string {
  const text = readFileSync(join(testFolder, module, "go.mod"), "utf8");
  const version = text.match(new RegExp(`^\\s*(?:require )?${upstream.replaceAll(".", "\\.")} (v\\S+)`, "m"))?.[1];
  if (!version) throw new Error(`test/${module}/go.mod does not require ${upstream}`);
  return version;
}

async function build(binary: Binary, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  const version = versionOf(binary);
  const [major, minor] = version.slice(1).split(".");
  const stamp = "-X k8s.io/component-base/version.git";
  const flags = `-s -w ${stamp}Version=${version} ${stamp}Major=${major} ${stamp}Minor=${minor}`;
  try {
    await withProgress(`building ${binary.name} ${version}`, () =>
      go(["build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", unfinished, binary.package], join(testFolder, binary.module)),
    );
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Runs `go`; what it prints (downloads, errors) is kept for the error message only. */
async function go(args: string[], folder: string): Promise<void> {
  // GOFLAGS, GOWORK: a developer's own settings must not change what is built here.
  const environment = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off" };
  const child = spawn("go", args, { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", (cause) => reject(new Error("the Go toolchain is missing: install Go 1.24 or newer (https://go.dev/dl)", { cause })));
    child.on("close", resolve);
  });
  if (status !== 0) throw new Error(`go ${args[0]} failed with status ${status}:\n${output.split("\n").slice(-15).join("\n")}`);
}

if (import.meta.main) {
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !Object.hasOwn(binaries, name));
  if (unknown !== undefined) throw new Error(`there is no program ${unknown}: ${Object.keys(binaries).join(", ")}`);
  await (names.length > 0 ? ensureBinaries(names as BinaryName[]) : ensureControlPlane());
}
