/** AgentConfig: what nodes shall have whatever the elections say. */
import { z } from "zod";
import { addressRules } from "./addressRules.ts";
import { announcementPaceList } from "./announcementPace.ts";
import { conditionsSchema } from "./condition.ts";
import { dnsLabelField, durationField, interfaceField } from "./fields.ts";
import { ipvsSettingsSchema } from "./ipvs.ts";
import { labelSelectorSchema } from "./labelSelector.ts";
import { nodeAddressSchema } from "./nodeAddress.ts";
import { nodeInterfaceSchema } from "./nodeInterface.ts";
import { mailSchema } from "./notify.ts";
import { objectMetaSchema } from "./objectMeta.ts";
import { routeList, ruleList } from "./routingRules.ts";
import { mapList, type Rule, wholeList, withRules } from "./rules.ts";

const staticAddressSchema = withRules(
  nodeAddressSchema.omit({ advertised: true }).extend({ interface: interfaceField.describe("Where it stands.") }),
  addressRules,
);

const scriptDirectoryRule: Rule<string[]> = {
  cel: "self.all(d, d.startsWith('/'))",
  holds: (directories) => directories.every((directory) => directory.startsWith("/")),
  message: "scriptDirectories must be absolute paths",
};

const virtualServersSchema = z.object({
  allowAddresses: z.boolean().default(false).describe("Addresses of the nodes themselves: spec.addresses without spec.virtualIP."),
  allowFirewallMarks: z.boolean().default(false).describe("Firewall marks."),
  namespaces: wholeList(z.array(dnsLabelField).max(64)).optional().describe("Namespaces that this holds for. Default: none."),
});

export const agentConfigSpecSchema = z.object({
  nodeSelector: labelSelectorSchema.optional().describe("Nodes that it concerns. Default: every node."),
  static: z
    .object({
      addresses: wholeList(z.array(staticAddressSchema).max(256)).optional().describe("Addresses."),
      routes: routeList(256).optional().describe("Routes."),
      rules: ruleList(256).optional().describe("Policy rules."),
    })
    .optional()
    .describe("What stands on the nodes as long as their agents run."),
  notifyFifo: z
    .string()
    .max(1024)
    .optional()
    .describe("Path of a FIFO that gets one line per change of state, as keepalived's notify_fifo."),
  vrrpNotifyFifo: z
    .string()
    .max(1024)
    .optional()
    .describe("Path of a FIFO that gets the lines about virtual routers and sync groups alone, as keepalived's vrrp_notify_fifo."),
  notifyStatesOnReload: z
    .boolean()
    .optional()
    .describe("Whether the FIFOs are told the states that stay, too, each time a configuration is applied. Default: false."),
  mail: mailSchema.optional().describe("How the mail of VirtualIPs with notify.mail is sent."),
  interfaces: mapList(z.array(nodeInterfaceSchema).max(256), ["name"])
    .optional()
    .describe("Interfaces whose carrier may bounce: what a change of it must last to count."),
  announcementPacing: announcementPaceList
    .optional()
    .describe("Least distances between gratuitous ARPs, and between unsolicited neighbour advertisements. Default: none."),
  startupDelay: durationField
    .optional()
    .describe("No election for that long after the start of an agent, where the VirtualIP says nothing else."),
  debugUnknownRouters: z.boolean().optional().describe("Hear and report adverts of VRIDs that nobody configured, too. Default: false."),
  scriptDirectories: withRules(wholeList(z.array(z.string().min(1).max(1024)).max(16)), [scriptDirectoryRule])
    .optional()
    .describe(
      "Where programs of checks and notifications lie, for people and charts: what an agent may run is decided by its flag --allow-scripts alone.",
    ),
  ipvs: ipvsSettingsSchema.optional().describe("What IPVS is set to on those of the nodes that run VirtualServers."),
  virtualServers: virtualServersSchema
    .optional()
    .describe("What VirtualServers without a VirtualIP may have on these nodes, which all of them then run. Default: nothing."),
});
export type AgentConfigSpec = z.infer<typeof agentConfigSpecSchema>;

export const agentConfigStatusSchema = z.object({
  observedGeneration: z.int().min(0).optional().describe("metadata.generation that this status was computed from."),
  nodes: z.int().min(0).optional().describe("How many nodes it concerns."),
  syncID: z.int().min(1).max(255).optional().describe("Number of its sync daemons, where spec.ipvs.sync gives none."),
  conditions: conditionsSchema.optional(),
});
export type AgentConfigStatus = z.infer<typeof agentConfigStatusSchema>;

export const agentConfigSchema = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: objectMetaSchema,
  spec: agentConfigSpecSchema,
  status: agentConfigStatusSchema.optional(),
});
export type AgentConfig = z.infer<typeof agentConfigSchema>;
