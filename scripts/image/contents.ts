/** What goes into the image: Node, Aloft, and no more than they need. No shell, no package manager. */
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type Entry, file } from "./entries.ts";

const root = join(import.meta.dirname, "../..");
/** Where Aloft lies in the image; the same paths below it as in a checkout. */
const home = "/opt/aloft";
const node = "node_modules/node/bin/node";
const addon = "build/native/aloft.node";

/** Who runs when a pod says nothing else. Images without a shell have long used this number. */
export const user = { name: "aloft", id: 65532 };

/** An executable that needs no shell: Node reads a file whose name has no extension as what it is, an ECMAScript module. */
const program = `#!/usr/bin/node
import "${home}/dist/cli/main.js";
`;

const passwd = `root:x:0:0:root:/:/nonexistent
${user.name}:x:${user.id}:${user.id}:${user.name}:/:/nonexistent
nobody:x:65534:65534:nobody:/:/nonexistent
`;
const group = `root:x:0:
${user.name}:x:${user.id}:
nogroup:x:65534:
`;

/** Changes with the machine that it is built on: Node, the C and C++ libraries, the authorities that certificates are checked against. */
export function systemEntries(): Entry[] {
  const libraries = sharedLibraries([node, addon, ...nativeModules()]);
  return [
    file("/usr/bin/node", stripped(node), 0o755),
    ...libraries.map((path) => file(path, readFileSync(realpathSync(path)), 0o755)),
    file("/etc/ssl/certs/ca-certificates.crt", readFileSync("/etc/ssl/certs/ca-certificates.crt")),
    file("/etc/passwd", passwd),
    file("/etc/group", group),
    file("/etc/nsswitch.conf", "hosts: files dns\n"),
  ];
}

/** Changes with every commit. */
export function aloftEntries(): Entry[] {
  const compiled = [addon, ...nativeModules()].map((path) => file(`${home}/${path}`, stripped(path)));
  return [file("/usr/bin/aloft", program, 0o755), ...compiled, ...scriptEntries(home)];
}

/** The compiled JavaScript below a folder, which runs wherever Node does. */
export function scriptEntries(folder: string): Entry[] {
  const own = [...globSync("dist/**/*.js", { cwd: root }), "package.json", "LICENSE"];
  const modules = productionPackages().flatMap(packageFiles);
  return [...own, ...modules].map((path) => file(`${folder}/${path}`, readFileSync(join(root, path))));
}

/** Node, and the addon, which `explain` asks: of the machine's own system and architecture. */
export function nativeEntries(folder: string): Entry[] {
  return [file(`${folder}/bin/node`, stripped(node), 0o755), file(`${folder}/${addon}`, stripped(addon))];
}

interface LockedPackage {
  dev?: boolean;
}

/** Folders of what is needed to run, as the lock file says. An optional one may be missing. */
function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { packages: Record<string, LockedPackage> };
  const folders = Object.entries(packages).filter(([folder, { dev }]) => folder !== "" && !dev);
  return folders.map(([folder]) => folder).filter((folder) => !folder.includes("node_modules/@types/") && existsSync(join(root, folder)));
}

/** What Node loads, and licences, which must go along. The rest is for people and compilers. */
const loaded = new Set([".js", ".cjs", ".mjs", ".json"]);

function packageFiles(folder: string): string[] {
  const isWanted = (path: string) => loaded.has(extname(path)) || /\/(licen[cs]e|copying|notice)[^/]*$/i.test(path);
  return filesBelow(folder).filter(isWanted);
}

/** But for packages within the package: the lock file names those. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** node-gyp leaves what it built here, beside its own files. */
function builtAddons(folder: string): string[] {
  return globSync(`${folder}/build/Release/*.node`, { cwd: root });
}

function nativeModules(): string[] {
  return productionPackages().flatMap(builtAddons);
}

/** What the dynamic loader would map, and itself, under the names that it looks for. */
function sharedLibraries(programs: string[]): string[] {
  const lines = programs.flatMap((path) => execFileSync("ldd", [join(root, path)], { encoding: "utf8" }).split("\n"));
  const missing = lines.find((line) => line.includes("not found"));
  if (missing) throw new Error(`a library is missing: ${missing.trim()}`);
  return [...new Set(lines.flatMap((line) => /(?:=>\s+|^\s+)(\/\S+)/.exec(line)?.[1] ?? []))];
}

/** Debug information is most of an addon, and of use only beside the sources. Names of functions that others bind to stay. */
function stripped(path: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "aloft-image-"));
  try {
    const copy = join(folder, "stripped");
    execFileSync("strip", ["--strip-unneeded", "-o", copy, join(root, path)]);
    return readFileSync(copy);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
