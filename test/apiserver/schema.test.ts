/** The CRDs in a real kube-apiserver: what they take, what they refuse and with which words, and that zod judges alike. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Agent, request } from "undici";
import { addressPoolSchema } from "../../src/api/addressPool.ts";
import { agentConfigSchema } from "../../src/api/agentConfig.ts";
import { apiVersion } from "../../src/api/group.ts";
import { virtualIPSchema } from "../../src/api/virtualIP.ts";
import { virtualServerSchema } from "../../src/api/virtualServer.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { badAddresses, goodAddresses } from "./addressCases.ts";
import { badPools, goodPools } from "./addressPoolCases.ts";
import { badConfigs, goodConfigs } from "./agentConfigCases.ts";
import { badIpvsConfigs, goodIpvsConfigs } from "./ipvsConfigCases.ts";
import { badNodes, goodNodes } from "./nodeCases.ts";
import { badTracks, goodTracks } from "./trackCases.ts";
import { badServers, goodServers } from "./virtualServerCases.ts";
import { badVrrp, goodVrrp } from "./vrrpCases.ts";

const crds = join(import.meta.dirname, "../../crds");

const goodVirtualIPs = [...goodAddresses, ...goodVrrp, ...goodNodes, ...goodTracks];
const badVirtualIPs = [...badAddresses, ...badVrrp, ...badNodes, ...badTracks];
const kinds = [
  { kind: "VirtualIP", schema: virtualIPSchema, good: goodVirtualIPs, bad: badVirtualIPs },
  { kind: "VirtualServer", schema: virtualServerSchema, good: goodServers, bad: badServers },
  { kind: "AddressPool", schema: addressPoolSchema, good: goodPools, bad: badPools },
  { kind: "AgentConfig", schema: agentConfigSchema, good: [...goodConfigs, ...goodIpvsConfigs], bad: [...badConfigs, ...badIpvsConfigs] },
];

let plane: ControlPlane;
let api: Agent;

before(async () => {
  plane = await startControlPlane();
  api = new Agent({ connect: { ca: readFileSync(plane.caFile) } });
  await plane.kubectl(["apply", "-f", crds]);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", crds]);
});
after(async () => {
  await api?.close();
  await plane?.stop();
});

/** The object as the API server would store it. Asked without kubectl, which takes a tenth of a second to start. */
async function dryRun(plural: string, object: object): Promise<{ spec: Record<string, unknown> }> {
  const place = plural === "virtualservers" ? `namespaces/default/${plural}` : plural;
  const { statusCode, body } = await request(`${plane.url}/apis/${apiVersion}/${place}?dryRun=All&fieldValidation=Strict`, {
    method: "POST",
    headers: { authorization: `Bearer ${plane.token()}`, "content-type": "application/json" },
    body: JSON.stringify(object),
    dispatcher: api,
  });
  const answer = (await body.json()) as { spec: Record<string, unknown>; message: string };
  if (statusCode >= 400) throw new Error(answer.message);
  return answer;
}

for (const { kind, schema, good, bad } of kinds) {
  const plural = `${kind.toLowerCase()}s`;
  const objectOf = (spec: object) => ({ apiVersion, kind, metadata: { name: "case" }, spec });

  describe(`${kind}s that are taken`, () => {
    for (const { name, spec } of good) {
      test(name, async () => {
        const object = objectOf(spec);
        const stored = await dryRun(plural, object);
        assert.deepEqual(schema.parse(object).spec, stored.spec, "zod and kube-apiserver fill in the same defaults");
      });
    }
  });

  describe(`${kind}s that are refused`, () => {
    for (const { name, spec, field, says } of bad) {
      test(name, async () => {
        const object = objectOf(spec);
        await assert.rejects(dryRun(plural, object), ({ message }: Error) => {
          assert.ok(message.includes(says), `expected "${says}" in:\n${message}`);
          assert.ok(message.includes(field), `expected the field ${field} in:\n${message}`);
          assert.ok(!message.includes("evaluation error"), `a rule failed to run:\n${message}`);
          return true;
        });
        // zod drops unknown fields, so that an older program can read a newer object; files are checked for them by their reader.
        assert.equal(schema.safeParse(object).success, says === "unknown field", "zod gives the same verdict");
      });
    }
  });
}
