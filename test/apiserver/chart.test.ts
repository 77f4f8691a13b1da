/** What Helm makes of the chart, as a real API server takes it: every field known, every expression compiled, nothing defaulted away. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { everything, type Manifest, nothing, render } from "../package/chart.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";

const namespace = "aloft-system";
const root = join(import.meta.dirname, "../..");

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane();
  await plane.kubectl(["create", "namespace", namespace]);
});
after(() => plane?.stop());

/** Kinds of the Prometheus operator are not known here. */
const isForeign = ({ apiVersion }: Manifest) => apiVersion.startsWith("monitoring.coreos.com/");

/** @returns one line an object. */
async function dryRun(input: string): Promise<string[]> {
  const args = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"];
  return (await plane.kubectl(args, { input })).trimEnd().split("\n");
}

const sets: [what: string, values: string[]][] = [
  ["the chart's own values", []],
  ["all switched on", everything],
  ["all switched off", nothing],
];
for (const [what, values] of sets) {
  test(`the API server takes all objects: ${what}`, async () => {
    const manifests = (await render(values)).filter((manifest) => !isForeign(manifest));
    const lines = await dryRun(manifests.map((manifest) => JSON.stringify(manifest)).join("\n---\n"));
    assert.equal(lines.length, manifests.length);
    for (const line of lines) assert.match(line, /serverside-applied \(server dry run\)$/);
  });
}

test("the API server takes deploy/, also as a kustomization", async () => {
  const text = readFileSync(join(root, "deploy/aloft.yaml"), "utf8");
  const lines = await dryRun(text);
  assert.ok(lines.length >= 18);
  assert.deepEqual((await dryRun(await plane.kubectl(["kustomize", join(root, "deploy")]))).sort(), lines.sort());
});

test("a field that there is not is refused", async () => {
  const [manifest] = (await render()).filter(({ kind }) => kind === "DaemonSet");
  assert.ok(manifest);
  manifest.spec.template.spec.hostNetworking = true;
  await assert.rejects(dryRun(JSON.stringify(manifest)), /hostNetworking/);
});
