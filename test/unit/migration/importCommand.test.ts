import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { stringify } from "yaml";
import { addressPoolSchema } from "../../../src/api/addressPool.ts";
import { runCli } from "../../../src/cli/cli.ts";
import { advertisement, documentsOf, pool, service } from "./support.ts";

const directory = mkdtempSync(join(tmpdir(), "aloft-migration-"));
after(() => rmSync(directory, { recursive: true }));

function write(name: string, ...objects: object[]): string {
  const path = join(directory, name);
  const [first] = objects;
  writeFileSync(
    path,
    name.endsWith(".json") ? JSON.stringify(first, undefined, 2) : objects.map((object) => stringify(object)).join("---\n"),
  );
  return path;
}

async function run(...args: string[]) {
  const [out, errors]: [string[], string[]] = [[], []];
  const status = await runCli(["import", ...args], { out: (text) => out.push(text), error: (text) => errors.push(text) });
  return { status, out: out.join("\n"), errors: errors.map((line) => line.replaceAll(`${directory}/`, "")) };
}

const web = service("web", { "metallb.io/allow-shared-ip": "it's mine", "metallb.io/colour": "red" });
const annotate = `kubectl annotate --overwrite --namespace shop service web 'aloft.dev/sharing-key=it'\\''s mine'`;

test("objects as YAML; what is to be known of each, and commands for the Services, as comments", async () => {
  const pools = write("pools.yaml", pool("public", { addresses: ["192.0.2.0/28"], shape: "round" }), advertisement("l2"));
  const list = write("services.json", { apiVersion: "v1", kind: "List", items: [web] });
  const { status, out, errors } = await run(pools, list);
  assert.equal(status, 0);
  const [object, ...more] = documentsOf(out);
  assert.deepEqual(addressPoolSchema.parse(object).spec.addresses, ["192.0.2.0/28"]);
  assert.deepEqual(more, []);
  const comments = out.split("\n").filter((line) => line.startsWith("#"));
  assert.deepEqual(
    comments.map((line) => line.replaceAll(`${directory}/`, "")),
    [
      "# from IPAddressPool public (pools.yaml:1)",
      "#   IPAddressPool public: spec.shape: unknown here: ignored",
      "# from L2Advertisement l2 (pools.yaml:12)",
      "# from Service shop/web (services.json:5)",
      "#   Service shop/web: metadata.annotations.metallb.io/colour: unknown here: ignored",
      `# ${annotate}`,
    ],
  );
  assert.deepEqual(errors, [
    "pools.yaml:10:10: warning: IPAddressPool public: spec.shape: unknown here: ignored",
    "services.json:13:32: warning: Service shop/web: metadata.annotations.metallb.io/colour: unknown here: ignored",
  ]);
});

test("--commands: what annotates the Services alone, and a shell reads it as it was meant", async () => {
  const { out } = await run("--commands", write("web.yaml", web));
  assert.equal(out, annotate);
  const words = spawnSync("sh", ["-c", `kubectl() { printf '%s\\n' "$@"; }\n${out}`], { encoding: "utf8" }).stdout;
  assert.equal(words.trimEnd().split("\n").at(-1), "aloft.dev/sharing-key=it's mine");
});

test("standard input", () => {
  const program = join(import.meta.dirname, "../../../src/cli/main.ts");
  const input = stringify(pool("public", { addresses: ["192.0.2"] }));
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, "import", "-"], { input, encoding: "utf8" });
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /^stdin:9:7: error: IPAddressPool public: spec\.addresses\[0\]: expected an address/m);
});

test("an error costs the output, and the status is 1", async () => {
  const { status, out, errors } = await run(write("bad.yaml", pool("public"), pool("other"), advertisement("l2")));
  assert.deepEqual([status, out], [1, ""]);
  assert.match(
    String(errors),
    /^bad\.yaml:\d+:1: error: IPAddressPool other: 192\.0\.2\.0 is in AddressPool other and in AddressPool public/,
  );
});

test("manifests and files of keepalived are two things, each with its flags", async () => {
  const file = write("pools.yaml", pool("public"));
  const usage = async (...args: string[]) => {
    const { status, errors } = await run(...args);
    return [status, errors[0]?.replace("aloft: ", "").replace(/;.*/, "")];
  };
  assert.deepEqual(await usage(file, "lb1.conf"), [2, "import takes manifests or files of keepalived, not both: lb1.conf"]);
  assert.deepEqual(await usage("--explain", file), [2, "--explain and --config-id are for keepalived.conf"]);
  assert.deepEqual(await usage("--commands", "lb1.conf"), [2, "--commands is for manifests: FILE.yaml, or - for standard input"]);
  assert.equal((await usage(join(directory, "none.yaml")))[0], 2);
});

test("nothing to write is told, for it may be the wrong file", async () => {
  assert.match(String((await run(write("empty.yaml"))).errors), /^aloft: nothing to write: no IPAddressPool, /);
  assert.deepEqual((await run("--commands", write("pool.yaml", pool("public"), advertisement("l2")))).errors, []);
});
