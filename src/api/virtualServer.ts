/** VirtualServer: an IPVS service on the addresses of a VirtualIP, its real servers and how their health is known. */
import { z } from "zod";
import { durationField, familyField, scriptUserField } from "./fields.ts";
import { healthCheckSchema, portField } from "./healthCheck.ts";
import { labelSelectorSchema } from "./labelSelector.ts";
import { objectMetaSchema } from "./objectMeta.ts";
import { wholeList, withRules } from "./rules.ts";
import {
  addressesRules,
  distinctRule,
  persistenceRules,
  portListRules,
  portRangeRules,
  realServerListRules,
  realServerRules,
  serverAddressRule,
  specRules,
  tunnelRules,
} from "./virtualServerRules.ts";
import { virtualServerStatusSchema } from "./virtualServerStatus.ts";

export type { VirtualServerStatus } from "./virtualServerStatus.ts";

/** As the kernel names them. */
export const schedulers = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"] as const;

export const forwardingField = z.enum(["NAT", "DR", "TUN"]);
export const weightField = z.int().min(0).max(65535);
const bareAddressField = z.string().max(45);
const healthCheckList = wholeList(z.array(healthCheckSchema).max(8));
const onFailureField = z.enum(["Remove", "Drain"]);

const tunnelSchema = withRules(
  z.object({
    type: z.enum(["IPIP", "GUE", "GRE"]).default("IPIP").describe("Encapsulation."),
    port: portField.optional().describe("Destination port of GUE."),
    checksum: z.enum(["None", "Checksum", "RemoteChecksum"]).default("None").describe("Checksum of GUE or GRE."),
  }),
  tunnelRules,
);

const programList = wholeList(
  z
    .array(
      z.object({
        command: wholeList(z.array(z.string().max(1024)).min(1).max(64)).describe(
          "Program, in an allowed directory of the node, and arguments. No shell.",
        ),
        user: scriptUserField,
      }),
    )
    .max(4),
);

const realServerSchema = withRules(
  z.object({
    address: bareAddressField.describe("Its address; with TUN it may be of the other family."),
    port: z.int().min(0).max(65535).optional().describe("Its port; default: that of the service. DR and TUN cannot change it."),
    weight: weightField.optional().describe("Share of new connections; 0: none. Default: spec.weight."),
    forwarding: forwardingField.optional().describe("Instead of spec.forwarding."),
    tunnel: tunnelSchema.optional().describe("Instead of spec.tunnel."),
    maxConnections: z.int().min(0).max(4294967295).optional().describe("No new connections from there on: uthreshold."),
    minConnections: z.int().min(0).max(4294967295).optional().describe("And again below: lthreshold. Default: three quarters."),
    healthChecks: healthCheckList.optional().describe("Instead of spec.healthChecks."),
    onFailure: onFailureField.optional().describe("Instead of spec.onFailure."),
    notify: z
      .object({
        up: programList.optional().describe("Run when it comes up."),
        down: programList.optional().describe("Run when it goes down."),
        mail: z.boolean().optional().describe("Send mail at each such change. Default: spec.notify.mail."),
      })
      .optional()
      .describe("What runs on a change of its health, on each node that checks it."),
  }),
  realServerRules,
);

const serviceReferenceSchema = z.object({
  name: z.string().min(1).max(63).describe("Name of a Service in the namespace: its ready endpoints are the real servers."),
  port: z
    .string()
    .min(1)
    .max(15)
    .optional()
    .describe("Name or number of the Service's port; default: the one of the same number as the first of spec.ports."),
  publishNotReady: z.boolean().default(false).describe("Endpoints that are not ready count as well."),
  targets: z
    .enum(["Pods", "Nodes"])
    .optional()
    .describe(
      "Nodes: the real servers are the nodes of the endpoints, each of which translates the address to its own pods: with forwarding DR. Default: Pods.",
    ),
  zoneWeights: z.record(z.string().max(63), weightField).optional().describe("Weight of endpoints by their zone."),
  nodeWeights: z
    .record(z.string().max(253), weightField)
    .optional()
    .describe("Weight of endpoints by their node; it comes before the zone's."),
});

const nodeServersSchema = z.object({
  selector: labelSelectorSchema.optional().describe("Nodes that are real servers by their InternalIP. Default: every node."),
  port: portField.optional().describe("Port on them; default: that of the service."),
});

const portRangeSchema = withRules(
  z.object({
    port: portField.describe("The port, or the first of a range."),
    last: portField.optional().describe("The last port of a range."),
  }),
  portRangeRules,
);

export const virtualServerSpecSchema = withRules(
  z.object({
    virtualIP: z.string().min(1).max(253).optional().describe("The VirtualIP whose addresses it is for, which must allow the namespace."),
    addresses: withRules(wholeList(z.array(bareAddressField).min(1).max(64)), addressesRules)
      .optional()
      .describe("With virtualIP: only these of its addresses. Without: addresses of the nodes themselves, where an AgentConfig allows it."),
    firewallMark: z
      .int()
      .min(1)
      .max(4294967295)
      .optional()
      .describe("Packets with that mark, instead of addresses and ports, where an AgentConfig allows it."),
    firewallMarkFamilies: withRules(wholeList(z.array(familyField).min(1).max(2)), [distinctRule("firewallMarkFamilies")])
      .optional()
      .describe("With firewallMark. Default: IPv4."),
    protocol: z.enum(["TCP", "UDP", "SCTP"]).default("TCP").describe("Protocol."),
    ports: withRules(wholeList(z.array(portRangeSchema).min(1).max(64)), portListRules)
      .optional()
      .describe("Ports; absent: all ports, which takes persistence."),
    scheduler: z.enum(schedulers).default("mh").describe("How a real server is chosen for a new connection."),
    schedulerFlags: withRules(wholeList(z.array(z.enum(["Port", "Fallback", "Flag1", "Flag2", "Flag3"])).max(3)), [
      distinctRule("schedulerFlags"),
    ])
      .optional()
      .describe("Port: hash the source port too (sh, mh); Fallback: next server when the chosen one takes none. Default: Port with mh."),
    onePacket: z.boolean().default(false).describe("UDP: each datagram is scheduled by itself."),
    persistence: withRules(
      z.object({
        timeout: durationField.default("5m").describe("How long a client stays with its server after its last connection."),
        prefixLengthIPv4: z.int().min(1).max(32).default(32).describe("Clients of one such network count as one."),
        prefixLengthIPv6: z.int().min(1).max(128).default(128).describe("Clients of one such network count as one."),
        engine: z.enum(["sip"]).optional().describe("UDP: tells clients apart by the Call-ID of SIP."),
      }),
      persistenceRules,
    )
      .optional()
      .describe("Connections of one client go to one server."),
    forwarding: forwardingField.default("NAT").describe("How packets reach the real servers."),
    tunnel: tunnelSchema.optional().describe("With TUN. Default: IPIP."),
    masquerade: z
      .boolean()
      .optional()
      .describe(
        "With NAT: real servers see an address of the director instead of the client's, and so answer by way of it. Default: false.",
      ),
    weight: weightField.default(1).describe("Weight of real servers that have none of their own."),
    realServers: withRules(wholeList(z.array(realServerSchema).max(256)), realServerListRules)
      .optional()
      .describe("Real servers that are listed."),
    service: serviceReferenceSchema.optional().describe("Real servers that are endpoints of a Service."),
    nodes: nodeServersSchema.optional().describe("Real servers that are nodes."),
    healthChecks: healthCheckList.optional().describe("Each must be well for a server to count as up. Default: none, every server is up."),
    onFailure: onFailureField
      .default("Remove")
      .describe("What becomes of a failed server: removed, or kept with weight 0 (inhibit_on_failure)."),
    sorryServer: withRules(
      z.object({
        address: bareAddressField.describe("Its address."),
        port: z.int().min(0).max(65535).optional().describe("Its port; default: that of the service."),
        forwarding: forwardingField.optional().describe("Instead of spec.forwarding."),
        tunnel: tunnelSchema.optional().describe("Instead of spec.tunnel."),
        onFailure: onFailureField
          .default("Remove")
          .describe("What becomes of it while it does not serve: removed, or kept with weight 0 (sorry_server_inhibit)."),
      }),
      [serverAddressRule],
    )
      .optional()
      .describe("Serves while the weights of the servers that are up fall short of the quorum."),
    quorum: z.int().min(1).max(4294967295).default(1).describe("Sum of the weights of servers that must be up."),
    hysteresis: z
      .int()
      .min(0)
      .max(4294967295)
      .default(0)
      .describe("Quorum is lost below quorum - hysteresis, and regained at quorum + hysteresis."),
    notify: z
      .object({
        quorumUp: programList.optional().describe("Run when quorum is regained."),
        quorumDown: programList.optional().describe("Run when it is lost."),
        onStop: z.boolean().default(false).describe("Run the programs of down and quorumDown when the agent ends: omega."),
        mail: z.boolean().optional().describe("Send mail at each change, by the node's mail settings."),
      })
      .optional()
      .describe("What runs on changes, on each node that checks."),
    drainTimeout: durationField
      .default("5m")
      .describe("A server that is taken from the list gets no new connections and goes when it has none, or after that time."),
    suspendWithoutAddress: z.boolean().default(false).describe("Only the node that holds the address checks: ha_suspend."),
  }),
  specRules,
);
export type VirtualServerSpec = z.infer<typeof virtualServerSpecSchema>;
/** As somebody writes it: without what the schema assumes. */
export type VirtualServerInput = z.input<typeof virtualServerSpecSchema>;
export type RealServer = NonNullable<VirtualServerSpec["realServers"]>[number];

export const virtualServerSchema = z.object({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: objectMetaSchema,
  spec: virtualServerSpecSchema,
  status: virtualServerStatusSchema.optional(),
});
export type VirtualServer = z.infer<typeof virtualServerSchema>;
