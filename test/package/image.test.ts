/** The image, as a container runtime unpacks it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { buildImage } from "../../scripts/build-image.ts";
import { run } from "../support/command.ts";

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));

let folder: string;
let root: string;
let config: { config: { Entrypoint: string[]; User: string }; rootfs: { diff_ids: string[] } };
let layers: { digest: string }[];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "aloft-image-"));
  root = join(folder, "root");
  await run("mkdir", [root]);
  await run("tar", ["--extract", `--file=${buildImage().path}`, `--directory=${folder}`]);
  const json = (path: string) => JSON.parse(readFileSync(join(folder, path), "utf8"));
  const [described] = json("index.json").manifests;
  const manifest = json(blob(described.digest));
  config = json(blob(manifest.config.digest));
  layers = manifest.layers;
  for (const { digest } of layers) await run("tar", ["--extract", "--gzip", `--file=${join(folder, blob(digest))}`, `--directory=${root}`]);
});
after(() => rmSync(folder, { recursive: true }));

const blob = (digest: string) => `blobs/${digest.replace(":", "/")}`;
const sha256 = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const inside = (args: string[], as = "65532:65532") => run("chroot", [`--userspec=${as}`, root, ...args]);

test("every blob is what its digest says, and layers are what the configuration says", () => {
  const bytes = layers.map(({ digest }) => readFileSync(join(folder, blob(digest))));
  assert.deepEqual(
    bytes.map(sha256),
    layers.map(({ digest }) => digest),
  );
  assert.deepEqual(
    bytes.map((layer) => sha256(gunzipSync(layer))),
    config.rootfs.diff_ids,
  );
});

test("built twice: the same bytes", () => {
  const first = readFileSync(buildImage().path);
  rmSync(join(buildImage().path, ".."), { recursive: true });
  assert.equal(sha256(readFileSync(buildImage().path)), sha256(first));
});

test("its program runs as nobody in particular, with nothing from outside", async () => {
  assert.deepEqual([config.config.Entrypoint, config.config.User], [["/usr/bin/aloft"], "65532:65532"]);
  assert.equal(await inside(["/usr/bin/aloft", "version"]), `aloft ${version}\n`);
});

test("the core, and what else is compiled, finds its libraries", async () => {
  const addons = (await run("find", [root, "-name", "*.node"])).trim().split("\n");
  assert.ok(addons.length >= 2, addons.join());
  const script = addons.map((path) => `require(${JSON.stringify(path.slice(root.length))})`).join(";");
  await inside(["/usr/bin/node", "-e", script]);
});

test("every command loads", async () => {
  for (const command of ["operator", "agent", "vip", "import", "manifest", "installation"]) {
    assert.match(await inside(["/usr/bin/aloft", command, "--help"]), /^usage: /);
  }
  await assert.rejects(inside(["/usr/bin/aloft", "operator", "--kubeconfig", "/none"]), /kubeconfig/);
});

test("no shell, no package manager, nothing that runs as its owner, nothing that others may write", async () => {
  const executables = (await run("find", [root, "-type", "f", "-perm", "/111", "-printf", "/%P\\n"])).trim().split("\n");
  const programs = executables.filter((path) => !/\.so(\.|$)/.test(path));
  assert.deepEqual(programs.sort(), ["/usr/bin/aloft", "/usr/bin/node"]);
  assert.equal(await run("find", [root, "-perm", "/6000", "-o", "-type", "f", "-perm", "/022"]), "");
});
