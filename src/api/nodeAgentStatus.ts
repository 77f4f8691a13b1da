/** NodeAgent.status: what one node runs, as its agent reports it. */
import { z } from "zod";
import { conditionsSchema } from "./condition.ts";
import { familyField, interfaceField, routerStateField, timeField, virtualRouterIDField } from "./fields.ts";
import { findingSchema } from "./finding.ts";
import { wholeList } from "./rules.ts";
import { nodeVirtualServerStatusSchema } from "./virtualServerStatus.ts";

export const virtualRouterStatusSchema = z.object({
  virtualIP: z.string().describe("Name of the VirtualIP."),
  family: familyField.describe("Address family of the election."),
  state: routerStateField.describe("State of the virtual router."),
  priority: z.int().min(0).max(255).describe("Priority in use, after tracking."),
  since: timeField.describe("When the state began."),
  reason: z.string().describe("Why the state began, in one CamelCase word."),
  peer: z.string().optional().describe("Address of the router that was heard last."),
  silenceMs: z.number().min(0).optional().describe("On becoming MASTER: time since the last advert of the previous one, in ms."),
  transitions: z.int().min(0).describe("State changes since the agent started."),
  handOver: z.int().min(0).optional().describe("The spec's handOver that has been heard."),
  conflict: z
    .object({
      address: z.string().describe("Our address that is claimed."),
      mac: z.string().describe("Hardware address of who claims it."),
      time: timeField.describe("When it was seen last."),
    })
    .optional()
    .describe("A foreign claim of an address within the last minute."),
  foreignRouter: z
    .object({
      address: z.string().describe("Its address."),
      reason: z.string().describe("How it differs."),
      time: timeField.describe("When it was heard last."),
    })
    .optional()
    .describe("A router outside the VirtualIP that uses the VRID, heard within the last minute."),
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

export const unknownRouterSchema = z.object({
  interface: interfaceField.describe("Where it was heard."),
  family: familyField.describe("Address family of its adverts."),
  virtualRouterID: virtualRouterIDField.describe("Its VRID."),
  address: z.string().max(45).describe("Source address of its adverts."),
  time: timeField.describe("When it was heard last."),
});
export type UnknownRouter = z.infer<typeof unknownRouterSchema>;

export const nodeAgentStatusSchema = z.object({
  observedGeneration: z.int().min(0).optional().describe("metadata.generation of the spec that runs."),
  state: z.enum(["Starting", "Running", "Degraded", "Stopped"]).optional().describe("Running, or what else; the conditions say why."),
  version: z.string().optional().describe("Version of the agent."),
  startTime: timeField.optional().describe("When the agent started."),
  lastReportTime: timeField.optional().describe("When this report was written; at least every 30 s."),
  http: z
    .string()
    .max(64)
    .optional()
    .describe("ADDRESS:PORT where the agent serves its metrics and probes, and what `kubectl vip ipvs` prints."),
  masters: z.int().min(0).optional().describe("Virtual routers in MASTER."),
  backups: z.int().min(0).optional().describe("Virtual routers in BACKUP."),
  faults: z.int().min(0).optional().describe("Virtual routers in FAULT."),
  virtualRouters: wholeList(z.array(virtualRouterStatusSchema).max(1024)).optional().describe("The virtual routers that run."),
  virtualServers: wholeList(z.array(nodeVirtualServerStatusSchema).max(4096)).optional().describe("The VirtualServers that run."),
  interfaces: wholeList(z.array(interfaceStatusSchema).max(128))
    .optional()
    .describe("The node's interfaces, loopback and pod interfaces left out."),
  unknownRouters: wholeList(z.array(unknownRouterSchema).max(64))
    .optional()
    .describe("With debugUnknownRouters: routers of others that were heard within the last minutes."),
  findings: wholeList(z.array(findingSchema).max(32))
    .optional()
    .describe("What is wrong or may go wrong with the settings of the node: `kubectl vip doctor` tells."),
  conditions: conditionsSchema.optional(),
});
export type NodeAgentStatus = z.infer<typeof nodeAgentStatusSchema>;
