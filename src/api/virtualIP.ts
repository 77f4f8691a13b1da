/** VirtualIP: a set of addresses that float together. One VRID; IPv4 and IPv6 are two virtual routers of that number. */
import { z } from "zod";
import { addressListRules, addressRules } from "./addressRules.ts";
import { dnsLabelField, interfaceField, priorityField } from "./fields.ts";
import { labelSelectorSchema } from "./labelSelector.ts";
import { nodeAddressSchema } from "./nodeAddress.ts";
import { notifySchema } from "./notify.ts";
import { objectMetaSchema } from "./objectMeta.ts";
import { routeList, ruleList } from "./routingRules.ts";
import { mapList, wholeList, withRules } from "./rules.ts";
import { trackList } from "./track.ts";
import { nodesRules, specRules } from "./virtualIPRules.ts";
import { virtualIPStatusSchema } from "./virtualIPStatus.ts";
import { sourceAddressSchema, vrrpSchema } from "./vrrpParameters.ts";

export type { Move, VirtualIPStatus } from "./virtualIPStatus.ts";

const { address, label, scope, broadcast } = nodeAddressSchema.shape;

const addressSchema = withRules(
  z.object({
    address: address.describe(
      'The address, bare ("192.0.2.10", installed with the full prefix length) or with its prefix length ("192.0.2.10/24", "2001:db8::10/64").',
    ),
    interface: interfaceField.optional().describe("Where it stands; default: the interface of the election."),
    label,
    scope,
    broadcast,
  }),
  addressRules,
);

const nodeOverrideSchema = z.object({
  name: z.string().min(1).max(253).describe("Name of the node."),
  priority: priorityField.optional().describe("VRRP priority of that node: the highest leads; 255 marks the address owner."),
  interface: interfaceField.optional().describe("Interface of that node, instead of spec.interface."),
  sourceAddress: sourceAddressSchema.optional().describe("Source address of that node's adverts."),
  track: trackList(16)
    .optional()
    .describe("What that node tracks otherwise: an entry replaces the one of the same name in spec.track, or is added."),
});

/** Of spec.nodes.names. */
export const mostNames = 256;

const nodesSchema = withRules(
  z.object({
    selector: labelSelectorSchema.optional().describe("Nodes that may hold the addresses. Default: every node."),
    names: wholeList(z.array(z.string().min(1).max(253)).max(mostNames))
      .optional()
      .describe("Of the selected nodes only those. Default: all of them."),
    maxCandidates: z.int().min(1).max(32).default(5).describe("How many of those nodes take part in the election at the most."),
    preferred: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe(
        "Node that shall lead: the addresses are handed over to it once it is well, and it gets the highest priority. `kubectl vip move` sets it.",
      ),
    overrides: mapList(z.array(nodeOverrideSchema).max(64), ["name"]).optional().describe("What differs on single nodes."),
  }),
  nodesRules,
);

export const virtualIPSpecSchema = withRules(
  z.object({
    addresses: withRules(mapList(z.array(addressSchema).min(1).max(128), ["address"]), addressListRules).describe(
      "The addresses that move together; IPv4 and IPv6 may be mixed.",
    ),
    excludedAddresses: mapList(z.array(addressSchema).max(1024), ["address"])
      .optional()
      .describe("Addresses that move along but are not in the adverts, which hold few: keepalived's virtual_ipaddress_excluded."),
    segment: dnsLabelField
      .default("default")
      .describe("Name of the layer 2 network. VRIDs are unique per segment; give networks that are not bridged different names."),
    interface: interfaceField
      .optional()
      .describe(
        "Interface that sends and hears the adverts and carries the addresses. Default: on each node the one whose subnet holds the address.",
      ),
    nodes: nodesSchema.default({ maxCandidates: 5 }).describe("Which nodes take part."),
    vrrp: vrrpSchema
      .default({ version: 3, preempt: true, preemptDelay: "0s", checksum: "Auto", mode: "Multicast", virtualMAC: false })
      .describe("Parameters of the election."),
    group: dnsLabelField
      .optional()
      .describe("Sync group: VirtualIPs of one group are held by one node, or by none. They have the same candidates in the same order."),
    track: trackList(32).optional().describe("What decides, besides the interface, on a node's priority and on whether it takes part."),
    routes: routeList(64).optional().describe("Routes that the active node has. Without next hops: out of the interface of the election."),
    rules: ruleList(64).optional().describe("Policy rules that the active node has."),
    notify: notifySchema.optional().describe("What runs on a node when its state changes; once for both families."),
    conflictDetection: z
      .enum(["Disabled", "Report", "Enforce"])
      .default("Enforce")
      .describe(
        "What it means that a host outside answers for an address. Report: condition AddressConflict. Enforce: besides, no node claims an address for the first time while somebody has it.",
      ),
    deadManSwitch: z
      .enum(["Auto", "Disabled"])
      .default("Auto")
      .describe(
        "Whether the kernel of a node whose agent stops shuts the addresses before another takes over. Auto: where another candidate is live.",
      ),
    allowedNamespaces: z
      .array(dnsLabelField)
      .max(64)
      .optional()
      .describe("Namespaces whose VirtualServers may use the addresses. Default: none."),
  }),
  specRules,
);
export type VirtualIPSpec = z.infer<typeof virtualIPSpecSchema>;

export const virtualIPSchema = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: objectMetaSchema,
  spec: virtualIPSpecSchema,
  status: virtualIPStatusSchema.optional(),
});
export type VirtualIP = z.infer<typeof virtualIPSchema>;
