/** NodeAgent: what one node shall run (spec, written by the operator) and what it runs (status, written by its agent). */
import { z } from "zod";
import { announcementPaceSchema } from "./announcementPace.ts";
import { announcementsSchema } from "./announcements.ts";
import { checkFields } from "./check.ts";
import {
  checksumField,
  durationField,
  familyField,
  interfaceField,
  interfaceNameField,
  priorityField,
  receivedTTLField,
  trackWeightField,
  ttlField,
  virtualRouterIDField,
  vrrpVersionField,
} from "./fields.ts";
import { nodeAddressSchema } from "./nodeAddress.ts";
import { nodeAgentStatusSchema } from "./nodeAgentStatus.ts";
import { nodeInterfaceSchema } from "./nodeInterface.ts";
import { mailSchema, notifySchema } from "./notify.ts";
import { objectMetaSchema } from "./objectMeta.ts";
import { routeSchema, ruleSchema } from "./routing.ts";
import { wholeList } from "./rules.ts";

export type { NodeAddress } from "./nodeAddress.ts";
export type { InterfaceStatus, NodeAgentStatus, UnknownRouter, VirtualRouterStatus } from "./nodeAgentStatus.ts";
export type { Mail, Notify } from "./notify.ts";
export type { PolicyRule, Route } from "./routing.ts";

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
  trackSourceAddress: z.boolean().optional().describe("FAULT while sourceAddress is not on the interface. Default: false."),
  multicastGroup: z.string().max(45).optional().describe("Multicast group of the adverts; default: 224.0.0.18, ff02::12."),
  unicastPeers: wholeList(z.array(z.string().max(45)).max(64))
    .optional()
    .describe("Addresses of the peers: unicast instead of multicast."),
  peerTTLs: wholeList(
    z
      .array(
        z.object({
          peer: z.string().max(45).describe("One of unicastPeers."),
          minimum: receivedTTLField.describe("The least TTL or hop limit that its adverts may arrive with."),
          maximum: receivedTTLField.describe("The greatest one."),
        }),
      )
      .max(64),
  )
    .optional()
    .describe("How far away peers may be. Default, for each: 255 alone."),
  unicastTTL: ttlField.optional().describe("TTL or hop limit of the adverts to peers. Default: 255."),
  passwordRef: z
    .object({
      name: z.string().min(1).max(253).describe("Name of a Secret in the agent's namespace."),
      key: z.string().min(1).max(253).default("password").describe("Key in the Secret."),
    })
    .optional()
    .describe("Version 2: the simple text password of the adverts."),
  virtualMACInterface: interfaceField.optional().describe("Name of the macvlan with the virtual router MAC address; absent: none."),
  advertsWithVirtualMAC: z.boolean().optional().describe("Whether adverts to a group come from that MAC address. Default: true."),
  group: z.string().min(1).max(270).optional().describe("Sync group: all its virtual routers are MASTER, or none."),
  track: wholeList(
    z
      .array(
        z.object({
          check: z.string().min(1).max(253).optional().describe("Name in spec.checks."),
          interface: interfaceField.optional().describe("An interface, instead of a check."),
          weight: trackWeightField.default(0).describe("0: FAULT while it is down; positive: added while up; negative: added while down."),
          reverse: z.boolean().default(false).describe("Negates what is added; with weight 0: FAULT while it is up."),
        }),
      )
      .max(64),
  )
    .optional()
    .describe("What changes the priority or makes FAULT."),
  trackPrimary: z.boolean().optional().describe("False: a fault of the own interface is ignored. Default: true."),
  announcements: announcementsSchema.optional().describe("Gratuitous ARP and unsolicited NA. Default: after 0, 50ms, 250ms, 1s and 5s."),
  conflicts: z.enum(["Off", "Report", "Enforce"]).optional().describe("What a foreign claim of an address means. Default: Off."),
  accept: z
    .boolean()
    .optional()
    .describe("False: as MASTER that is no address owner it refuses packets to the addresses, but for Neighbor Discovery. Default: true."),
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

/** A VirtualServer that this node has programmed. What it is the agent reads from the object itself, or from its file. */
export const nodeVirtualServerSchema = z.object({
  namespace: z.string().min(1).max(63).describe("Namespace of the VirtualServer."),
  name: z.string().min(1).max(253).describe("Its name."),
  virtualIP: z.string().min(1).max(253).optional().describe("The VirtualIP that its addresses are of."),
  addresses: wholeList(z.array(z.string().max(45)).max(64)).describe("Addresses that it is served on; none with a firewall mark."),
});
export type NodeVirtualServer = z.infer<typeof nodeVirtualServerSchema>;

/** By which packets come that a director has encapsulated: the kernel's own devices, which take them from every sender. */
export const tunnelDevices = ["tunl0", "sit0", "ip6tnl0", "gre0", "ip6gre0"] as const;
export type TunnelDevice = (typeof tunnelDevices)[number];

/** A VirtualServer with forwarding DR or TUN that this node is a real server of: packets to its addresses are for the node. */
export const nodeRealServerSchema = z.object({
  namespace: z.string().min(1).max(63).describe("Namespace of the VirtualServer."),
  name: z.string().min(1).max(253).describe("Its name."),
  addresses: wholeList(z.array(z.string().max(45)).min(1).max(64)).describe(
    "Its addresses: they stand on the loopback interface, unless it translates, and the LAN gets no answer for them.",
  ),
  tunnels: wholeList(z.array(z.enum(tunnelDevices)).max(tunnelDevices.length))
    .optional()
    .describe("With TUN: the devices by which packets come."),
  translates: z
    .boolean()
    .optional()
    .describe(
      "Packets to them are translated to the pods of the VirtualServer's Service that run here, and the addresses stand nowhere. Default: false.",
    ),
});
export type NodeRealServer = z.infer<typeof nodeRealServerSchema>;

/** What IPVS of the node is set to, beyond its services. */
export const nodeIpvsSchema = z.object({
  sync: z
    .object({
      interface: interfaceNameField.describe("Where connections are told to the other directors, and heard from them."),
      id: z.int().min(0).max(255).describe("Number that tells these directors from others in the LAN; 0: hears all of them."),
      maxLength: z.int().min(0).max(65507).optional().describe("Bytes of a message; default: by the MTU."),
      group: z.string().max(45).optional().describe("Multicast group; default: 224.0.0.81."),
      port: z.int().min(1).max(65535).optional().describe("UDP port; default: 8848."),
      ttl: z.int().min(1).max(255).optional().describe("TTL; default: 1."),
      role: z.enum(["Both", "Master", "Backup"]).default("Both").describe("Which daemons run."),
    })
    .optional()
    .describe("Connections are synchronised with the other directors."),
  timeouts: z
    .object({
      tcp: durationField.optional().describe("Of idle TCP connections; whole seconds."),
      tcpFin: durationField.optional().describe("Of TCP connections after FIN."),
      udp: durationField.optional().describe("Of UDP."),
    })
    .optional()
    .describe("How long connections are remembered."),
  sysctls: z
    .record(z.string().max(64), z.string().max(64))
    .optional()
    .describe("Of net.ipv4.vs: owned while the agent runs, and then as they were."),
});
export type NodeIpvs = z.infer<typeof nodeIpvsSchema>;

export const nodeAgentSpecSchema = z.object({
  virtualRouters: wholeList(z.array(virtualRouterSpecSchema).max(1024)).default([]).describe("The elections that this node takes part in."),
  checks: wholeList(z.array(nodeCheckSchema).max(1024)).optional().describe("Checks that virtual routers track."),
  virtualServers: wholeList(z.array(nodeVirtualServerSchema).max(4096))
    .optional()
    .describe("The VirtualServers that this node has programmed."),
  ipvs: nodeIpvsSchema.optional().describe("What IPVS is set to."),
  realServers: wholeList(z.array(nodeRealServerSchema).max(1024))
    .optional()
    .describe("The VirtualServers with forwarding DR or TUN whose real server this node is."),
  groups: wholeList(
    z
      .array(z.object({ name: z.string().min(1).max(270).describe("Name."), notify: notifySchema.describe("What runs on its changes.") }))
      .max(256),
  )
    .optional()
    .describe("Sync groups that have something to run; others exist by being named."),
  notify: z
    .object({
      fifo: z.string().max(1024).optional().describe("Path of a FIFO that gets one line per change, as keepalived's notify_fifo."),
      vrrpFifo: z.string().max(1024).optional().describe("The same for what concerns virtual routers, as keepalived's vrrp_notify_fifo."),
      statesOnReload: z
        .boolean()
        .optional()
        .describe("Whether the FIFOs are told the states that stay, too, when a configuration is applied. Default: false."),
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
  interfaces: wholeList(z.array(nodeInterfaceSchema).max(1024))
    .optional()
    .describe("Interfaces whose changes of the carrier do not count at once."),
  announcementPacing: wholeList(z.array(announcementPaceSchema).max(64)).optional().describe("Least distances between announcements."),
  debugUnknownRouters: z
    .boolean()
    .optional()
    .describe("Hear adverts of VRIDs that nobody configured too, and report them. Default: false."),
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

export const nodeAgentSchema = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: objectMetaSchema,
  spec: nodeAgentSpecSchema.default({ virtualRouters: [] }),
  status: nodeAgentStatusSchema.optional(),
});
export type NodeAgent = z.infer<typeof nodeAgentSchema>;
