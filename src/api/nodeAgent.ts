/** NodeAgent: what one node shall run (spec, written by the operator) and what it runs (status, written by its agent). */
import { z } from "zod";
import { conditionsSchema } from "./condition.ts";
import {
  addressField,
  checksumField,
  durationField,
  familyField,
  interfaceField,
  priorityField,
  routerStateField,
  timeField,
  virtualRouterIDField,
  vrrpVersionField,
} from "./fields.ts";
import { objectMetaSchema } from "./objectMeta.ts";
import { wholeList } from "./rules.ts";

export const virtualRouterSpecSchema = z.object({
  virtualIP: z.string().min(1).max(253).describe("Name of the VirtualIP."),
  family: familyField.describe("Address family of the election."),
  interface: interfaceField.describe("Interface that sends and hears the adverts and carries the addresses."),
  virtualRouterID: virtualRouterIDField.describe("VRID."),
  version: vrrpVersionField.describe("VRRP version."),
  priority: priorityField.describe("Priority of this node."),
  advertisementInterval: durationField.describe("Time between adverts."),
  preempt: z.boolean().describe("Whether to take over from a living node of lower priority."),
  preemptDelay: durationField.describe("How long to wait after the start before doing so."),
  checksum: checksumField.describe("Checksum form of version 3 over IPv4."),
  addresses: wholeList(z.array(addressField).min(1).max(128)).describe("Addresses of this family, each with its prefix length."),
});
export type VirtualRouterSpec = z.infer<typeof virtualRouterSpecSchema>;

export const nodeAgentSpecSchema = z.object({
  virtualRouters: wholeList(z.array(virtualRouterSpecSchema).max(1024)).default([]).describe("The elections that this node takes part in."),
});
export type NodeAgentSpec = z.infer<typeof nodeAgentSpecSchema>;

/** Why a virtual router is in its state; the engine's own reasons, see native/vrrp/effect.h. */
export const transitionReasons = [
  "Started", // INIT → BACKUP
  "FirstElection", // BACKUP → MASTER: nobody was heard since the start
  "AdvertTimeout", // BACKUP → MASTER: Active_Down_Timer of a peer that fell silent
  "PeerResigned", // BACKUP → MASTER: the peer sent priority 0
  "Preempted", // BACKUP → MASTER: took over from a living peer of lower priority
  "AddressOwner", // INIT → MASTER: priority 255
  "HigherPriority", // MASTER → BACKUP
  "HigherAddress", // MASTER → BACKUP: equal priority, greater primary address
  "InterfaceDown", // any → FAULT
  "InterfaceMissing", // any → FAULT
  "NoSourceAddress", // any → FAULT: no primary IPv4 or link-local IPv6 address to send from
  "InterfaceReady", // FAULT → BACKUP
  "LateWakeUp", // MASTER → BACKUP: the agent did not run for so long that a peer may have taken over
  "Stopped", // any → INIT
] as const;

export const virtualRouterStatusSchema = z.object({
  virtualIP: z.string().describe("Name of the VirtualIP."),
  family: familyField.describe("Address family of the election."),
  state: routerStateField.describe("State of the virtual router."),
  priority: priorityField.describe("Priority in use."),
  since: timeField.describe("When the state began."),
  reason: z.string().describe("Why the state began, in one CamelCase word."),
  peer: z.string().optional().describe("Address of the router that was heard last."),
  silenceMs: z.number().min(0).optional().describe("On becoming MASTER: time since the last advert of the previous one, in ms."),
  transitions: z.int().min(0).describe("State changes since the agent started."),
  message: z
    .string()
    .max(1024)
    .optional()
    .describe("What is wrong, if anything is: FAULT, a rejected entry, an address that could not be set."),
});
export type VirtualRouterStatus = z.infer<typeof virtualRouterStatusSchema>;

export const interfaceStatusSchema = z.object({
  name: interfaceField.describe("Name of the interface."),
  up: z.boolean().describe("Whether it has carrier and is administratively up."),
  mac: z.string().optional().describe("Its hardware address."),
  addresses: wholeList(z.array(z.string()).max(256)).describe("Addresses with prefix length that are not Aloft's own."),
});
export type InterfaceStatus = z.infer<typeof interfaceStatusSchema>;

export const nodeAgentStatusSchema = z.object({
  observedGeneration: z.int().min(0).optional().describe("metadata.generation of the spec that runs."),
  state: z.enum(["Starting", "Running", "Degraded", "Stopped"]).optional().describe("Running, or what else; the conditions say why."),
  version: z.string().optional().describe("Version of the agent."),
  startTime: timeField.optional().describe("When the agent started."),
  lastReportTime: timeField.optional().describe("When this report was written; at least every 30 s."),
  masters: z.int().min(0).optional().describe("Virtual routers in MASTER."),
  backups: z.int().min(0).optional().describe("Virtual routers in BACKUP."),
  faults: z.int().min(0).optional().describe("Virtual routers in FAULT."),
  virtualRouters: wholeList(z.array(virtualRouterStatusSchema).max(1024)).optional().describe("The virtual routers that run."),
  interfaces: wholeList(z.array(interfaceStatusSchema).max(128))
    .optional()
    .describe("The node's interfaces, loopback and pod interfaces left out."),
  conditions: conditionsSchema.optional(),
});
export type NodeAgentStatus = z.infer<typeof nodeAgentStatusSchema>;

export const nodeAgentSchema = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: objectMetaSchema,
  spec: nodeAgentSpecSchema.default({ virtualRouters: [] }),
  status: nodeAgentStatusSchema.optional(),
});
export type NodeAgent = z.infer<typeof nodeAgentSchema>;
