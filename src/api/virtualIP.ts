/** VirtualIP: a set of addresses that float together. One VRID; IPv4 and IPv6 are two virtual routers of that number. */
import { z } from "zod";
import { conditionsSchema } from "./condition.ts";
import {
  addressField,
  checksumField,
  dnsLabelField,
  interfaceField,
  priorityField,
  routerStateField,
  timeField,
  virtualRouterIDField,
  vrrpVersionField,
} from "./fields.ts";
import { objectMetaSchema } from "./objectMeta.ts";
import { mapList, wholeList, withRules } from "./rules.ts";
import { addressListRules, addressRules, nodesRules, requirementRules, specRules, vrrpRules } from "./virtualIPRules.ts";

const addressSchema = withRules(
  z.object({
    address: addressField.describe(
      'The address, bare ("192.0.2.10", installed with the full prefix length) or with its prefix length ("192.0.2.10/24", "2001:db8::10/64").',
    ),
  }),
  addressRules,
);

const requirementSchema = withRules(
  z.object({
    key: z.string().min(1).max(316).describe("The label's key."),
    operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]).describe("How the label's value is compared."),
    values: z.array(z.string().max(63)).max(64).optional().describe("What it is compared with; only for In and NotIn."),
  }),
  requirementRules,
);

const labelSelectorSchema = z
  .object({
    matchLabels: z.record(z.string().max(316), z.string().max(63)).optional().describe("Labels that a node must have."),
    matchExpressions: z.array(requirementSchema).max(16).optional().describe("Requirements that a node must all fulfil."),
  })
  .describe("A label selector over nodes.");
export type LabelSelector = z.infer<typeof labelSelectorSchema>;

const nodeOverrideSchema = z.object({
  name: z.string().min(1).max(253).describe("Name of the node."),
  priority: priorityField.optional().describe("VRRP priority of that node: the highest leads; 255 marks the address owner."),
  interface: interfaceField.optional().describe("Interface of that node, instead of spec.interface."),
});

const nodesSchema = withRules(
  z.object({
    selector: labelSelectorSchema.optional().describe("Nodes that may hold the addresses. Default: every node."),
    maxCandidates: z.int().min(1).max(32).default(5).describe("How many of those nodes take part in the election at the most."),
    overrides: mapList(z.array(nodeOverrideSchema).max(64), ["name"]).optional().describe("What differs on single nodes."),
  }),
  nodesRules,
);

/** A duration whose exact rule is in vrrpRules. */
const durationText = z.string().max(32);

const vrrpSchema = withRules(
  z.object({
    version: vrrpVersionField
      .default(3)
      .describe("VRRP version of the IPv4 adverts: 3 (RFC 9568) or 2 (RFC 3768). IPv6 is always version 3."),
    virtualRouterID: virtualRouterIDField
      .optional()
      .describe("VRID (1-255), unique on the segment. Default: the lowest free one, recorded in status.virtualRouterID."),
    advertisementInterval: durationText
      .optional()
      .describe(
        "Time between adverts. Version 3: 10ms to 40.95s in steps of 10ms, default 100ms. Version 2: whole seconds from 1s to 255s, default 1s.",
      ),
    preempt: z
      .boolean()
      .default(true)
      .describe("Whether a node of higher priority takes the addresses from a living one of lower priority."),
    preemptDelay: durationText.default("0s").describe("How long such a node waits after its start before it does so; at most 1000s."),
    checksum: checksumField
      .default("Auto")
      .describe(
        "Checksum form of version 3 over IPv4. Auto: without pseudo-header as RFC 9568 says, or with it once a peer is heard that uses it (keepalived, FRR).",
      ),
  }),
  vrrpRules,
);

export const virtualIPSpecSchema = withRules(
  z.object({
    addresses: withRules(mapList(z.array(addressSchema).min(1).max(128), ["address"]), addressListRules).describe(
      "The addresses that move together; IPv4 and IPv6 may be mixed.",
    ),
    segment: dnsLabelField
      .default("default")
      .describe("Name of the layer 2 network. VRIDs are unique per segment; give networks that are not bridged different names."),
    interface: interfaceField
      .optional()
      .describe(
        "Interface that sends and hears the adverts and carries the addresses. Default: on each node the one whose subnet holds the address.",
      ),
    nodes: nodesSchema.default({ maxCandidates: 5 }).describe("Which nodes take part."),
    vrrp: vrrpSchema.default({ version: 3, preempt: true, preemptDelay: "0s", checksum: "Auto" }).describe("Parameters of the election."),
  }),
  specRules,
);
export type VirtualIPSpec = z.infer<typeof virtualIPSpecSchema>;

const nodeStatusSchema = z.object({
  name: z.string().describe("Name of the candidate."),
  priority: priorityField.describe("Its VRRP priority."),
  interface: interfaceField.optional().describe("The interface it uses."),
  v6Interface: interfaceField.optional().describe("The interface it uses for IPv6, where that is another one."),
  v4: routerStateField.optional().describe("State of its IPv4 virtual router."),
  v6: routerStateField.optional().describe("State of its IPv6 virtual router."),
  since: timeField.optional().describe("When that state began, by the node's own clock."),
  message: z.string().max(1024).optional().describe("What keeps the node from taking part, if anything does."),
});

const moveSchema = z.object({
  time: timeField.describe("When the new node took over, by its own clock."),
  from: z.string().describe("Node that held the addresses before; empty when none did."),
  to: z.string().describe("Node that holds them now; empty when none does."),
  reason: z.string().describe("Why, in one CamelCase word."),
  durationMs: z
    .number()
    .min(0)
    .optional()
    .describe("Silence before the takeover as the new node heard it: last advert of the old one to its own first one, in ms."),
});
export type Move = z.infer<typeof moveSchema>;

export const virtualIPStatusSchema = z.object({
  observedGeneration: z.int().min(0).optional().describe("metadata.generation that this status was computed from."),
  activeNode: z.string().optional().describe("The node that answers for the addresses; absent while none or two do."),
  virtualRouterID: virtualRouterIDField.optional().describe("The VRID in use."),
  advertisementInterval: z.string().optional().describe("The interval in use."),
  nodes: wholeList(z.array(nodeStatusSchema).max(64)).optional().describe("The candidates, highest priority first."),
  transitions: z.int().min(0).optional().describe("How often the active node has changed."),
  history: wholeList(z.array(moveSchema).max(20)).optional().describe("The last 20 moves, newest first."),
  conditions: conditionsSchema.optional(),
  summary: z
    .object({
      addresses: z.string().optional().describe("The addresses, comma-separated."),
      state: z.string().optional().describe("Pending, Active, Degraded, Split, Rejected or Terminating."),
      interface: z.string().optional().describe("Interface of the active node."),
      priority: z.int().optional().describe("Priority of the active node."),
      backups: z.string().optional().describe("Nodes in BACKUP, best first, comma-separated."),
      lastFailover: timeField.optional().describe("Time of the newest move from one node to another."),
      reason: z.string().optional().describe("Reason of the newest move."),
    })
    .optional()
    .describe("What `kubectl get vip` prints; programs read the fields above."),
});
export type VirtualIPStatus = z.infer<typeof virtualIPStatusSchema>;

export const virtualIPSchema = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: objectMetaSchema,
  spec: virtualIPSpecSchema,
  status: virtualIPStatusSchema.optional(),
});
export type VirtualIP = z.infer<typeof virtualIPSchema>;
