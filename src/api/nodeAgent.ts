/** NodeAgent: what one node shall run (spec, written by the operator) and what it runs (status, written by its agent). */
import { z } from "zod";
import { checkFields } from "./check.ts";
import { conditionsSchema } from "./condition.ts";
import {
  addressField,
  addressScopeField,
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

/** An address that a virtual router moves, or that stands on a node always. */
export const nodeAddressSchema = z.object({
  address: addressField.describe("The address, bare or with its prefix length."),
  interface: interfaceField.optional().describe("Where it stands; default: the virtual router's interface."),
  label: z.string().max(15).optional().describe("Label of an IPv4 address, DEVICE:TEXT."),
  scope: addressScopeField.optional().describe("Scope of the address; default: global."),
  broadcast: z.string().max(15).optional().describe("Broadcast address of an IPv4 address."),
  advertised: z.boolean().optional().describe("False: moves along, but is not in the adverts. Default: true."),
});
export type NodeAddress = z.infer<typeof nodeAddressSchema>;

export const routeSchema = z.object({
  destination: addressField.describe('Destination with its prefix length; "0.0.0.0/0" or "::/0" is the default route.'),
  type: z.enum(["unicast", "blackhole", "unreachable", "prohibit", "local"]).default("unicast").describe("What the route does."),
  nextHops: wholeList(
    z
      .array(
        z.object({
          via: z.string().max(45).optional().describe("Gateway."),
          interface: interfaceField.optional().describe("Outgoing interface."),
          weight: z.int().min(1).max(256).optional().describe("Share of a multipath route."),
          onLink: z.boolean().optional().describe("The gateway is on the link whatever the subnets say."),
        }),
      )
      .max(32),
  )
    .optional()
    .describe("Next hops; more than one make a multipath route."),
  source: z.string().max(45).optional().describe("Preferred source address."),
  metric: z.int().min(0).max(4294967295).optional().describe("Priority of the route."),
  table: z.int().min(1).max(4294967295).optional().describe("Routing table; default: main."),
  scope: addressScopeField.optional().describe("Scope of the route."),
  mtu: z.int().min(68).max(65535).optional().describe("MTU of the path."),
});
export type Route = z.infer<typeof routeSchema>;

export const ruleSchema = z.object({
  family: familyField.optional().describe("Needed where neither `from` nor `to` says it; default: IPv4."),
  priority: z.int().min(1).max(32765).optional().describe("Position among the rules."),
  from: addressField.optional().describe("Source prefix."),
  to: addressField.optional().describe("Destination prefix."),
  inputInterface: interfaceField.optional().describe("Interface on which the packet came."),
  outputInterface: interfaceField.optional().describe("Interface to which the socket is bound."),
  firewallMark: z.int().min(0).max(4294967295).optional().describe("Mark of the packet."),
  firewallMask: z.int().min(0).max(4294967295).optional().describe("Bits of the mark that count."),
  action: z.enum(["lookup", "blackhole", "unreachable", "prohibit"]).default("lookup").describe("What happens to the packet."),
  table: z.int().min(1).max(4294967295).optional().describe("Table to look up."),
});
export type PolicyRule = z.infer<typeof ruleSchema>;

export const trackWeightField = z.int().min(-253).max(253);

/** What runs on a state change. A program is a file in an allowed directory of the node, started without a shell. */
export const notifySchema = z.object({
  programs: wholeList(
    z
      .array(
        z.object({
          on: wholeList(
            z
              .array(z.enum(["MASTER", "BACKUP", "FAULT", "STOP", "DELETED", "MASTER_RX_LOWER_PRI"]))
              .min(1)
              .max(6),
          ).describe("States whose begin starts it."),
          command: wholeList(z.array(z.string().max(1024)).min(1).max(64)).describe("Program and arguments."),
          appendState: z
            .boolean()
            .optional()
            .describe("Append TYPE NAME STATE PRIORITY as keepalived's `notify` gets them. Default: false."),
        }),
      )
      .max(16),
  )
    .optional()
    .describe("Programs."),
  webhook: z.string().max(2048).optional().describe("URL that gets a JSON document by POST at each change."),
  mail: z.boolean().optional().describe("Send mail at each change, by the node's mail settings."),
});
export type Notify = z.infer<typeof notifySchema>;

export const virtualRouterSpecSchema = z.object({
  virtualIP: z.string().min(1).max(253).describe("Name of the VirtualIP."),
  family: familyField.describe("Address family of the election."),
  interface: interfaceField.describe("Interface that sends and hears the adverts and carries the addresses."),
  virtualRouterID: virtualRouterIDField.describe("VRID."),
  version: vrrpVersionField.describe("VRRP version."),
  priority: priorityField.describe("Priority of this node, before tracking."),
  advertisementInterval: durationField.describe("Time between adverts."),
  preempt: z.boolean().describe("Whether to take over from a living node of lower priority."),
  preemptDelay: durationField.describe("How long to wait after the start before doing so."),
  checksum: checksumField.describe("Checksum form of version 3 over IPv4."),
  addresses: wholeList(z.array(nodeAddressSchema).min(1).max(4096)).describe("Addresses; those that are advertised are of this family."),

  linkLocalFirst: z.boolean().optional().describe("IPv6: adverts begin with a link-local address (RFC 9568 5.2.9). Default: true."),
  downTimerAdverts: z.int().min(1).max(100).optional().describe("Intervals of silence before a takeover. Default: 3."),
  startupDelay: durationField.optional().describe("No election for that long after the start of the agent."),
  sourceAddress: z.string().max(45).optional().describe("Source address of the adverts; default: the interface's own."),
  multicastGroup: z.string().max(45).optional().describe("Multicast group of the adverts; default: 224.0.0.18, ff02::12."),
  unicastPeers: wholeList(z.array(z.string().max(45)).max(64))
    .optional()
    .describe("Addresses of the peers: unicast instead of multicast."),
  passwordRef: z
    .object({
      name: z.string().min(1).max(253).describe("Name of a Secret in the agent's namespace."),
      key: z.string().min(1).max(253).default("password").describe("Key in the Secret."),
    })
    .optional()
    .describe("Version 2: the simple text password of the adverts."),
  virtualMACInterface: interfaceField.optional().describe("Name of the macvlan with the virtual router MAC address; absent: none."),
  group: z.string().min(1).max(253).optional().describe("Sync group: all its virtual routers are MASTER, or none."),
  track: wholeList(
    z
      .array(
        z.object({
          check: z.string().min(1).max(253).optional().describe("Name in spec.checks."),
          interface: interfaceField.optional().describe("An interface, instead of a check."),
          weight: trackWeightField.default(0).describe("0: FAULT while it is down; positive: added while up; negative: added while down."),
          reverse: z.boolean().default(false).describe("Turns up and down around."),
        }),
      )
      .max(64),
  )
    .optional()
    .describe("What changes the priority or makes FAULT."),
  trackPrimary: z.boolean().optional().describe("False: a fault of the own interface is ignored. Default: true."),
  announcements: z
    .object({
      at: wholeList(z.array(durationField).min(1).max(6)).describe("When, counted from the moment the addresses stand, ascending."),
      copies: z.int().min(1).max(100).default(1).describe("Frames per address each time."),
      refresh: durationField.default("0s").describe("Again this often while MASTER; 0s: never."),
      refreshCopies: z.int().min(1).max(100).default(1).describe("Frames per address at a refresh."),
    })
    .optional()
    .describe("Gratuitous ARP and unsolicited NA. Default: after 0, 50ms, 250ms, 1s and 5s."),
  conflicts: z.enum(["Off", "Report", "Enforce"]).optional().describe("What a foreign claim of an address means. Default: Off."),
  deadMan: z.boolean().optional().describe("Whether the kernel shuts the addresses when adverts stop. Default: false."),
  handOver: z.int().min(0).optional().describe("Raised by the operator to make the MASTER hand over once."),
  routes: wholeList(z.array(routeSchema).max(256)).optional().describe("Routes that are set while MASTER."),
  rules: wholeList(z.array(ruleSchema).max(256)).optional().describe("Policy rules that are set while MASTER."),
  notify: notifySchema.optional().describe("What runs on a change of state."),
});
export type VirtualRouterSpec = z.infer<typeof virtualRouterSpecSchema>;

/** A check that virtual routers track. Exactly one of the kinds is given. */
export const nodeCheckSchema = z.object({
  name: z.string().min(1).max(253).describe("Unique on the node."),
  ...checkFields,
});
export type NodeCheck = z.infer<typeof nodeCheckSchema>;

export const mailSchema = z.object({
  server: z.string().min(1).max(253).describe("Mail relay, HOST or HOST:PORT; default port: 25."),
  from: z.string().min(3).max(320).describe("Sender."),
  to: wholeList(z.array(z.string().min(3).max(320)).min(1).max(32)).describe("Recipients."),
  helo: z.string().max(253).optional().describe("Name to say at EHLO; default: the node's."),
  timeout: durationField.default("30s").describe("How long to wait for the relay."),
  subjectName: z.string().max(253).optional().describe("Name in the subject; default: the node's."),
});
export type Mail = z.infer<typeof mailSchema>;

export const nodeAgentSpecSchema = z.object({
  virtualRouters: wholeList(z.array(virtualRouterSpecSchema).max(1024)).default([]).describe("The elections that this node takes part in."),
  checks: wholeList(z.array(nodeCheckSchema).max(1024)).optional().describe("Checks that virtual routers track."),
  groups: wholeList(
    z
      .array(z.object({ name: z.string().min(1).max(253).describe("Name."), notify: notifySchema.describe("What runs on its changes.") }))
      .max(256),
  )
    .optional()
    .describe("Sync groups that have something to run; others exist by being named."),
  notify: z
    .object({
      fifo: z.string().max(1024).optional().describe("Path of a FIFO that gets one line per change, as keepalived's vrrp_notify_fifo."),
      mail: mailSchema.optional().describe("How mail is sent."),
    })
    .optional()
    .describe("What concerns all virtual routers of the node."),
  static: z
    .object({
      addresses: wholeList(z.array(nodeAddressSchema).max(1024)).default([]).describe("Addresses that stand whatever the elections say."),
      routes: wholeList(z.array(routeSchema).max(1024)).default([]).describe("Routes."),
      rules: wholeList(z.array(ruleSchema).max(1024)).default([]).describe("Policy rules."),
    })
    .optional()
    .describe("What stands on the node as long as the agent runs."),
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
  "CheckFailed", // any → FAULT: a tracked check of weight 0 is down
  "TrackedInterfaceDown", // any → FAULT: a tracked interface of weight 0 is down
  "SyncGroup", // any: another member of the sync group went first
  "HandOver", // MASTER → BACKUP: asked to, in favour of a peer
  "AddressConflict", // any → FAULT: somebody else answers for an address that was never claimed here
  "Recovered", // FAULT → BACKUP: what had failed is well again
  "Stopped", // any → INIT
] as const;

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
