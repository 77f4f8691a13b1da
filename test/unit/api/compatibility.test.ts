/** What earlier releases have written must be read for ever: a field that is added is optional, or has a default (docs/versions.md). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import { addressPoolSpecSchema } from "../../../src/api/addressPool.ts";
import { agentConfigSpecSchema } from "../../../src/api/agentConfig.ts";
import { nodeAgentSpecSchema } from "../../../src/api/nodeAgent.ts";
import { virtualIPSpecSchema } from "../../../src/api/virtualIP.ts";
import { virtualServerSpecSchema } from "../../../src/api/virtualServer.ts";

/** With the fields alone that version 0.1.0 demanded. Do not add any. */
const first: [kind: string, schema: z.ZodType, spec: object][] = [
  ["VirtualIP", virtualIPSpecSchema, { addresses: [{ address: "192.0.2.10/24" }] }],
  ["VirtualServer", virtualServerSpecSchema, { virtualIP: "web", ports: [{ port: 80 }], realServers: [{ address: "192.0.2.2" }] }],
  ["AddressPool", addressPoolSpecSchema, { addresses: ["192.0.2.100-192.0.2.109"] }],
  ["AgentConfig", agentConfigSpecSchema, {}],
  [
    "NodeAgent",
    nodeAgentSpecSchema,
    {
      virtualRouters: [
        {
          virtualIP: "web",
          family: "IPv4",
          interface: "eth0",
          virtualRouterID: 51,
          version: 3,
          priority: 254,
          advertisementInterval: "100ms",
          preempt: true,
          preemptDelay: "0s",
          checksum: "Auto",
          addresses: [{ address: "192.0.2.10/24" }],
        },
      ],
      virtualServers: [{ namespace: "web", name: "shop", addresses: ["192.0.2.10"] }],
      realServers: [{ namespace: "web", name: "shop", addresses: ["192.0.2.10"] }],
    },
  ],
];

for (const [kind, schema, spec] of first)
  test(`a ${kind} of version 0.1.0 can be read`, () => assert.deepEqual(schema.safeParse(spec).error?.issues ?? [], []));
