/** What IPVS of nodes is set to beyond its services: connection synchronisation, time-outs, sysctls. Used by AgentConfig. */
import { z } from "zod";
import { multicastGroupTextRule } from "./addressRules.ts";
import { durationRule } from "./durationRules.ts";
import { durationField, interfaceField } from "./fields.ts";
import { type Rule, withRules } from "./rules.ts";

const syncSchema = withRules(
  z.object({
    interface: interfaceField
      .optional()
      .describe("Where connections are told to the other directors. Default: the interface of the node that has most VirtualServers."),
    id: z
      .int()
      .min(1)
      .max(255)
      .optional()
      .describe("Number that tells these directors from others in the LAN. Default: a free one, recorded in status.syncID."),
    role: z
      .enum(["Both", "Master", "Backup"])
      .default("Both")
      .describe("Which daemons run: Both, or on nodes that only tell (Master) or only hear (Backup)."),
    maxLength: z.int().min(0).max(65507).optional().describe("Bytes of a message; default: by the MTU."),
    group: z.string().max(45).optional().describe("Multicast group; default: 224.0.0.81."),
    port: z.int().min(1).max(65535).optional().describe("UDP port; default: 8848."),
    ttl: z.int().min(1).max(255).optional().describe("TTL; default: 1."),
  }),
  [multicastGroupTextRule("group")],
);

/** The kernel keeps them in signed ticks of at most 1 ms. */
const timeoutBounds = { least: "1s", most: "500h", wholeSeconds: true };

const timeoutsSchema = withRules(
  z.object({
    tcp: durationField.optional().describe("Of idle TCP connections; whole seconds."),
    tcpFin: durationField.optional().describe("Of TCP connections after FIN."),
    udp: durationField.optional().describe("Of UDP."),
  }),
  [durationRule("tcp", timeoutBounds), durationRule("tcpFin", timeoutBounds), durationRule("udp", timeoutBounds)],
);

const switchField = z.int().min(0).max(1).optional();
const levelField = z.int().min(0).max(3).optional();
const countField = z.int().min(0).max(2147483647).optional();

const thresholdPattern = /^[0-9]{1,9} [0-9]{1,9}$/;
const threshold = "self.sync_threshold";
const part = (index: 0 | 1) => `int(${threshold}.split(' ')[${index}])`;

const sysctlRules: Rule<{ sync_threshold?: string }>[] = [
  {
    cel: `!has(${threshold}) || (${threshold}.matches(${JSON.stringify(thresholdPattern.source)}) && (${part(0)} < ${part(1)} || ${part(1)} == 0))`,
    holds: ({ sync_threshold: text }) => {
      if (text === undefined) return true;
      const [first = 0, period = 0] = text.split(" ").map(Number);
      return thresholdPattern.test(text) && (first < period || period === 0);
    },
    message: 'sync_threshold must be two numbers, of which the first is less or the second is 0, such as "0 1" or "3 50"',
    field: "sync_threshold",
  },
];

/** Those of net.ipv4.vs that an agent may own, by the kernel's own names. */
export const ipvsSysctlsSchema = withRules(
  z.object({
    backup_only: switchField.describe("1: a node on which a backup daemon runs forwards nothing. Not with role Both."),
    cache_bypass: switchField.describe("1: for transparent proxies without a server, on to the destination itself."),
    conn_reuse_mode: levelField.describe("When a client's port is used again: 0: the old server, 1: schedule anew where it is safe."),
    conntrack: switchField.describe("1: connections are known to netfilter, too."),
    drop_entry: levelField.describe("Against floods: drop random connections. 0: never, 1 and 2: when memory is short, 3: always."),
    drop_packet: levelField.describe("Against floods: drop packets; as drop_entry."),
    expire_nodest_conn: switchField.describe("1: connections of a server that is gone end at once. Default: 1."),
    expire_quiescent_template: switchField.describe("1: persistence does not hold clients at a server of weight 0. Default: 1."),
    ignore_tunneled: switchField.describe("1: what comes in IPIP is passed on."),
    nat_icmp_send: switchField.describe("1: ICMP errors to servers whose connection is not known."),
    pmtu_disc: switchField.describe("1: path MTU discovery for what is tunnelled."),
    run_estimation: switchField.describe("0: no rates are computed."),
    schedule_icmp: switchField.describe("1: ICMP is scheduled like the connection that it is about."),
    secure_tcp: levelField.describe("Against floods: states of TCP with shorter time-outs; as drop_entry."),
    sloppy_sctp: switchField.describe("1: a connection of SCTP may begin with any packet."),
    sloppy_tcp: switchField.describe("1: a connection of TCP may begin with any packet. Default: 1 where a VirtualServer uses mh."),
    snat_reroute: switchField.describe("1: answers are routed by their new source address."),
    sync_persist_mode: switchField.describe("1: of persistent connections only the templates are synchronised."),
    sync_ports: z
      .literal([1, 2, 4, 8, 16, 32, 64])
      .meta({ type: "integer" })
      .optional()
      .describe("Threads, each with a UDP port of its own: a power of two. It counts for daemons that start later."),
    sync_qlen_max: countField.describe("Messages that may wait to be sent."),
    sync_refresh_period: z
      .int()
      .min(0)
      .max(86_400)
      .optional()
      .describe("Seconds until the kernel tells again of a connection whose packets pass. Default with sync: 10."),
    sync_retries: levelField.describe("How often it does so within an eighth of that period. Default with sync: 2."),
    sync_sock_size: countField.describe("Bytes of the socket's buffer; 0: the system's default."),
    sync_threshold: z
      .string()
      .max(24)
      .optional()
      .describe('"T P": a connection is told when its packets modulo P are T. Default with sync: "0 1", as soon as it is established.'),
    sync_version: switchField.describe("Of the protocol of synchronisation."),
  }),
  sysctlRules,
);

interface Settings {
  sync?: { role: "Both" | "Master" | "Backup" };
  sysctls?: { backup_only?: number };
}

const settingsRules: Rule<Settings>[] = [
  {
    cel: "!has(self.sync) || self.sync.role != 'Both' || !has(self.sysctls) || !has(self.sysctls.backup_only) || self.sysctls.backup_only == 0",
    holds: ({ sync, sysctls }) => sync?.role !== "Both" || (sysctls?.backup_only ?? 0) === 0,
    message: "backup_only must be 0 where sync.role is Both: with a backup daemon on each node none would forward anything",
    field: "sysctls",
  },
];

export const ipvsSettingsSchema = withRules(
  z.object({
    sync: syncSchema
      .optional()
      .describe(
        "Connections are synchronised between the directors, so that they outlive a failover; VirtualIPs with VirtualServers are then not taken back by preemption before a node that returns knows them. Default: they are not.",
      ),
    timeouts: timeoutsSchema.optional().describe("How long connections are remembered. Default: as the kernel has it."),
    sysctls: ipvsSysctlsSchema.optional().describe("Of net.ipv4.vs: owned while the agent runs VirtualServers, and then as they were."),
  }),
  settingsRules,
);
export type IpvsSettings = z.infer<typeof ipvsSettingsSchema>;
