import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { virtualIPSpecSchema } from "../../../src/api/virtualIP.ts";
import { runCli } from "../../../src/cli/cli.ts";

async function manifest(...args: string[]): Promise<{ status: number | undefined; out: string; error: string }> {
  const lines = { out: "", error: "" };
  const status = await runCli(["manifest", ...args], { out: (text) => (lines.out += text), error: (text) => (lines.error += text) });
  return { status, ...lines };
}

test("a static Pod that needs nothing of an API server, with its configuration in it", async () => {
  const { out } = await manifest(
    "control-plane",
    "--address",
    "192.0.2.5/24",
    "--address=2001:db8::5",
    "--virtual-router-id=9",
    "--interval=50ms",
  );
  const pod = parse(out);
  assert.deepEqual([pod.kind, pod.metadata.namespace, pod.spec.hostNetwork], ["Pod", "kube-system", true]);
  const [agent] = pod.spec.containers;
  assert.equal(pod.spec.serviceAccountName, undefined);
  assert.deepEqual(agent.securityContext.capabilities, { drop: ["ALL"], add: ["NET_ADMIN", "NET_RAW", "SYS_NICE", "BPF"] });
  const [source] = pod.spec.volumes[0].downwardAPI.items;
  const key = /'(.*)'/.exec(source.fieldRef.fieldPath)?.[1] ?? "";
  assert.ok(agent.args.includes(`--config=${agent.volumeMounts[0].mountPath}/${source.path}`));
  const { spec } = parse(pod.metadata.annotations[key]);
  const { addresses, vrrp, track } = virtualIPSpecSchema.parse(spec);
  assert.deepEqual(
    addresses.map(({ address }) => address),
    ["192.0.2.5/24", "2001:db8::5"],
  );
  assert.deepEqual([vrrp?.virtualRouterID, vrrp?.advertisementInterval], [9, "50ms"]);
  assert.deepEqual([track?.[0]?.http?.port, track?.[0]?.weight], [6443, -50]);
});

const mistakes: [args: string[], message: RegExp][] = [
  [[], /expected control-plane/],
  [["control-plane"], /expected --address/],
  [["control-plane", "--address", "192.0.2.555"], /must be an IP address/],
  [["control-plane", "--address", "192.0.2.5", "--virtual-router-id", "256"], /--virtual-router-id 256: must be a number from 1 to 255/],
  [["control-plane", "--address", "192.0.2.5", "--interval", "fast"], /advertisementInterval/],
  [["control-plane", "--address", "192.0.2.5", "--image", ""], /--image : must be an image/],
  [["control-plane", "--address", "192.0.2.5", "--image", "an image"], /--image an image: must be an image/],
  [["worker", "--address", "192.0.2.5"], /expected control-plane/],
];
for (const [args, message] of mistakes) {
  test(`a wrong command line: ${args.join(" ") || "nothing"}`, async () => {
    const { status, out, error } = await manifest(...args);
    assert.deepEqual([status, out], [2, ""]);
    assert.match(error, message);
  });
}
