/**
 * Builds the control plane that the demo and the tests run against: etcd, kube-apiserver and kubectl, unmodified, from the Go module proxy.
 * Versions stand in test/controlplane/<module>/go.mod. The binaries live in a cache outside the checkout, one folder per version.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { acquireLock } from "./lock.ts";
import { withProgress } from "./progress.ts";

const modulesFolder = join(dirname(fileURLToPath(import.meta.url)), "../test/controlplane");

/** Each binary, the Go module of ours that pins it, and the upstream module whose version it carries. */
const binaries = [
  { name: "etcd", module: "etcd", upstream: "go.etcd.io/etcd/server/v3", package: "go.etcd.io/etcd/server/v3" },
  { name: "kube-apiserver", module: "kubernetes", upstream: "k8s.io/kubernetes", package: "k8s.io/kubernetes/cmd/kube-apiserver" },
  { name: "kubectl", module: "kubernetes", upstream: "k8s.io/kubernetes", package: "k8s.io/kubernetes/cmd/kubectl" },
] as const;
type Binary = (typeof binaries)[number];

/** Paths of the three executables. */
export type ControlPlaneBinaries = Record<"etcd" | "kube-apiserver" | "kubectl", string>;

/** Where built binaries are kept: $ALOFT_CACHE, else $XDG_CACHE_HOME/aloft, else ~/.cache/aloft. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.ALOFT_CACHE) return environment.ALOFT_CACHE;
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "aloft");
}

/**
 * Builds what the cache lacks and returns the paths. Safe to call from several processes at once.
 * Throws when Go is missing or a build fails, with the compiler's last lines in the message.
 */
export async function ensureControlPlane(): Promise<ControlPlaneBinaries> {
  const targets = binaries.map((binary) => ({ binary, path: pathOf(binary) }));
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
  return Object.fromEntries(targets.map(({ binary, path }) => [binary.name, path])) as ControlPlaneBinaries;
}

function pathOf(binary: Binary): string {
  return join(cacheFolder(), `${binary.module}-${versionOf(binary)}`, binary.name);
}

function versionOf({ module, upstream }: Binary): string {
  const text = readFileSync(join(modulesFolder, module, "go.mod"), "utf8");
  const version = text.match(new RegExp(`^\\s*(?:require )?${upstream.replaceAll(".", "\\.")} (v\\S+)`, "m"))?.[1];
  if (!version) throw new Error(`test/controlplane/${module}/go.mod does not require ${upstream}`);
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
      go(
        ["build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", unfinished, binary.package],
        join(modulesFolder, binary.module),
      ),
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
  await ensureControlPlane();
}
