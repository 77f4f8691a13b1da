/**
 * Packs `kubectl vip` for who has no checkout, and for krew: build/plugin/ gets two archives and the manifest that names them.
 *
 *   npm run plugin
 *   kubectl krew install --manifest=build/plugin/vip.yaml --archive=build/plugin/kubectl-vip-0.1.0-linux-amd64.tar.gz
 *
 * The archive of this machine's system holds Node and the core, and needs nothing. The other one is JavaScript alone: it needs Node in PATH,
 * and `explain` then says nothing of what a loss would bring.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { stringify } from "yaml";
import { nativeEntries, scriptEntries } from "./image/contents.ts";
import { type Entry, file } from "./image/entries.ts";
import { tar } from "./image/tar.ts";

const root = join(import.meta.dirname, "..");
const pluginFolder = join(root, "build/plugin");

interface Manifest {
  version: string;
  engines: { node: string };
}
const { version, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const leastNode = engines.node.replace(/^>=/, "");
const [major, minor] = leastNode.split(".");

/** Where releases will be; krew does not ask there when it is given the archive. */
const releases = `https://aloft.dev/releases/v${version}`;
const architectures: Partial<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** The program that kubectl looks for. krew calls it through a link. */
const launcher = `#!/bin/sh
root=$(dirname "$(readlink -f "$0")")
node=$root/bin/node
if [ ! -x "$node" ]; then
  node=$(command -v node) || { echo "kubectl vip: needs Node.js ${leastNode} or newer in PATH" >&2; exit 1; }
  "$node" -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > ${major} || (major == ${major} && minor >= ${minor}) ? 0 : 1)' ||
    { echo "kubectl vip: needs Node.js ${leastNode} or newer, and $node is $("$node" --version)" >&2; exit 1; }
fi
exec "$node" "$root/dist/cli/main.js" vip "$@"
`;

export interface PluginArchive {
  path: string;
  sha256: string;
  /** What it runs on, as krew selects it. */
  platforms: { os: string; arch: string }[];
}

function pack(name: string, entries: Entry[], platforms: PluginArchive["platforms"]): PluginArchive {
  const bytes = gzipSync(tar([file("/kubectl-vip", launcher, 0o755), ...scriptEntries(""), ...entries]));
  const path = join(pluginFolder, `${name}.tar.gz`);
  writeFileSync(path, bytes);
  return { path, sha256: createHash("sha256").update(bytes).digest("hex"), platforms };
}

/** https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/ */
function krewManifest(archives: readonly PluginArchive[]): string {
  const platforms = archives.flatMap(({ path, sha256, platforms }) =>
    platforms.map((matchLabels) => ({
      selector: { matchLabels },
      uri: `${releases}/${path.slice(pluginFolder.length + 1)}`,
      sha256,
      bin: "kubectl-vip",
    })),
  );
  return stringify({
    apiVersion: "krew.googlecontainertools.github.com/v1alpha2",
    kind: "Plugin",
    metadata: { name: "vip" },
    spec: {
      version: `v${version}`,
      homepage: "https://aloft.dev",
      shortDescription: "Show, explain and move virtual IPs",
      description:
        "What the VirtualIPs of Aloft do and why, what a loss of a node would bring, planned moves and drains, and a doctor for nodes, objects and kube-proxy.\n",
      caveats: `Needs Node.js ${leastNode} or newer in PATH, but for Linux on ${archives[0]?.platforms[0]?.arch}.\n`,
      platforms,
    },
  });
}

export interface BuiltPlugin {
  /** For this machine's system, and for the others. */
  archives: [native: PluginArchive, portable: PluginArchive];
  manifest: string;
}

/** Builds all from what is compiled. */
export function buildPlugin(): BuiltPlugin {
  const arch = architectures[process.arch];
  if (arch === undefined) throw new Error(`there is no plugin for ${process.arch}`);
  mkdirSync(pluginFolder, { recursive: true });
  const name = `kubectl-vip-${version}`;
  const others = ["amd64", "arm64"].flatMap((each) => [
    ...(each === arch ? [] : [{ os: "linux", arch: each }]),
    { os: "darwin", arch: each },
  ]);
  const archives: BuiltPlugin["archives"] = [
    pack(`${name}-linux-${arch}`, nativeEntries(""), [{ os: "linux", arch }]),
    pack(name, [], others),
  ];
  const manifest = join(pluginFolder, "vip.yaml");
  writeFileSync(manifest, krewManifest(archives));
  return { archives, manifest };
}

if (import.meta.main) {
  const { archives, manifest } = buildPlugin();
  for (const { path } of archives) process.stdout.write(`${path}: ${(readFileSync(path).length / 1e6).toFixed(1)} MB\n`);
  process.stdout.write(`${manifest}\n`);
}
