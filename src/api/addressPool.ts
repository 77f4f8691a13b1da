/** AddressPool: addresses that Services of type LoadBalancer get, and how the VirtualIPs are that hold them. */
import { z } from "zod";
import { poolRules, rangeRules, templateRules } from "./addressPoolRules.ts";
import { addressPoolStatusSchema } from "./addressPoolStatus.ts";
import { dnsLabelField } from "./fields.ts";
import { labelSelectorOf } from "./labelSelector.ts";
import { objectMetaSchema } from "./objectMeta.ts";
import { wholeList, withRules } from "./rules.ts";
import { virtualIPSpecSchema } from "./virtualIP.ts";
import { schedulers } from "./virtualServer.ts";

export type { AddressPoolStatus } from "./addressPoolStatus.ts";

const rangeField = withRules(z.string().min(1).max(91), rangeRules);
const { segment, interface: interfaceField, nodes, vrrp, conflictDetection, deadManSwitch } = virtualIPSpecSchema.shape;

const templateDefault = {
  segment: "default",
  nodes: { maxCandidates: 5 },
  vrrp: { version: 3, preempt: true, preemptDelay: "0s", checksum: "Auto", mode: "Multicast", virtualMAC: false },
  conflictDetection: "Enforce",
  deadManSwitch: "Auto",
} as const;

const templateSchema = withRules(
  z.object({ segment, interface: interfaceField, nodes, vrrp, conflictDetection, deadManSwitch }),
  templateRules,
);

const dataPlaneSchema = z.object({
  mode: z
    .enum(["KubeProxy", "IPVS"])
    .default("KubeProxy")
    .describe(
      "Who takes packets from an address to the pods. KubeProxy: the node's own. IPVS: a VirtualServer for each port, on the node that answers.",
    ),
  forwarding: z
    .enum(["NAT", "DR"])
    .default("NAT")
    .describe(
      "With IPVS: how packets reach the pods. NAT: they see the node's address. DR: they go to nodes with a ready endpoint, which translate for their own pods: these see the client's address, and their answers take the direct way. Services with externalTrafficPolicy Local go by DR in any case.",
    ),
  scheduler: z.enum(schedulers).default("mh").describe("With IPVS: how a pod is chosen for a new connection."),
});

export const addressPoolSpecSchema = withRules(
  z.object({
    addresses: wholeList(z.array(rangeField).min(1).max(64)).describe(
      "Addresses, as CIDRs, ranges or single ones. Every address of a CIDR counts.",
    ),
    skipZeroAnd255: z
      .boolean()
      .default(false)
      .describe("IPv4 addresses that end in .0 or .255 are given to nobody: some old devices take them for networks and broadcasts."),
    autoAssign: z.boolean().default(true).describe("Whether Services get addresses that ask neither for one of them nor for the pool."),
    priority: z.int().min(-1000).max(1000).default(0).describe("Among several pools the one with the highest comes first, then by name."),
    namespaces: wholeList(z.array(dnsLabelField).max(256))
      .optional()
      .describe("Namespaces whose Services may have addresses. Default: all."),
    namespaceSelector: labelSelectorOf("namespace")
      .optional()
      .describe("Labels of the namespaces whose Services may have addresses. Where `namespaces` stands as well, both must hold."),
    serviceSelector: labelSelectorOf("Service").optional().describe("Services that may have addresses. Default: all."),
    sharing: z
      .enum(["Disabled", "Namespace", "Cluster"])
      .default("Namespace")
      .describe("Which Services with the same sharing key may share an address: none, those of one namespace, or any."),
    dataPlane: dataPlaneSchema
      .default({ mode: "KubeProxy", forwarding: "NAT", scheduler: "mh" })
      .describe("Who takes packets to the pods. The annotation aloft.dev/dataplane of a Service comes before the mode."),
    virtualIP: templateSchema.default(templateDefault).describe("How the VirtualIPs are that hold the addresses."),
    virtualRouters: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .describe(
        "Over how many VirtualIPs the addresses spread, each with a VRID of its own: so many nodes share the traffic. Addresses move when this is lowered.",
      ),
    maxLocalVirtualRouters: z
      .int()
      .min(0)
      .max(200)
      .default(64)
      .describe("How many VirtualIPs there may be besides for Services with externalTrafficPolicy Local: one for each set of nodes."),
  }),
  poolRules,
);
export type AddressPoolSpec = z.infer<typeof addressPoolSpecSchema>;

export const addressPoolSchema = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: objectMetaSchema,
  spec: addressPoolSpecSchema,
  status: addressPoolStatusSchema.optional(),
});
export type AddressPool = z.infer<typeof addressPoolSchema>;
