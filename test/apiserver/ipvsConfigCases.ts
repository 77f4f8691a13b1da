/** AgentConfig specs about IPVS that the API takes and refuses; see schemaCases.ts. */
import type { BadCase, GoodCase } from "./schemaCases.ts";

const withSync = (sync: object) => ({ ipvs: { sync } });
const withTimeouts = (timeouts: object) => ({ ipvs: { timeouts } });
const withSysctls = (sysctls: object) => ({ ipvs: { sysctls } });

export const goodIpvsConfigs: GoodCase[] = [
  { name: "synchronisation as it is by default", spec: withSync({}) },
  {
    name: "synchronisation with all that it can have",
    spec: withSync({ interface: "eth1", id: 255, role: "Master", maxLength: 1400, group: "224.0.100.81", port: 8900, ttl: 2 }),
  },
  { name: "an IPv6 group", spec: withSync({ group: "ff02::81" }) },
  { name: "time-outs", spec: withTimeouts({ tcp: "15m", tcpFin: "2m", udp: "300s" }) },
  {
    name: "sysctls",
    spec: withSysctls({ expire_nodest_conn: 1, conn_reuse_mode: 1, sync_threshold: "3 50", sync_ports: 4, sync_retries: 3, drop_entry: 1 }),
  },
  { name: "a threshold without a period", spec: withSysctls({ sync_threshold: "3 0" }) },
  { name: "backup_only where the nodes only hear", spec: { ipvs: { sync: { role: "Backup" }, sysctls: { backup_only: 1 } } } },
  {
    name: "permission for namespaces",
    spec: { virtualServers: { allowAddresses: true, allowFirewallMarks: true, namespaces: ["web", "app"] } },
  },
];

export const badIpvsConfigs: BadCase[] = [
  { name: "the id 0", spec: withSync({ id: 0 }), field: "spec.ipvs.sync.id", says: "greater than or equal to 1" },
  {
    name: "a group that is none",
    spec: withSync({ group: "192.0.2.1" }),
    field: "spec.ipvs.sync.group",
    says: "must be a multicast group",
  },
  {
    name: "an interface that is none",
    spec: withSync({ interface: "eth 0" }),
    field: "spec.ipvs.sync.interface",
    says: "name of a network interface",
  },
  { name: "a time-out of half seconds", spec: withTimeouts({ tcp: "1500ms" }), field: "spec.ipvs.timeouts.tcp", says: "whole seconds" },
  { name: "a time-out beyond the kernel's", spec: withTimeouts({ udp: "501h" }), field: "spec.ipvs.timeouts.udp", says: "at most 500h" },
  {
    name: "a sysctl that is not owned",
    spec: withSysctls({ am_droprate: 10 }),
    field: "spec.ipvs.sysctls.am_droprate",
    says: "unknown field",
  },
  {
    name: "a switch that is none",
    spec: withSysctls({ conntrack: 2 }),
    field: "spec.ipvs.sysctls.conntrack",
    says: "less than or equal to 1",
  },
  {
    name: "a threshold of one number",
    spec: withSysctls({ sync_threshold: "1" }),
    field: "spec.ipvs.sysctls.sync_threshold",
    says: "must be two numbers",
  },
  {
    name: "a threshold beyond its period",
    spec: withSysctls({ sync_threshold: "50 3" }),
    field: "spec.ipvs.sysctls.sync_threshold",
    says: "must be two numbers",
  },
  { name: "three ports", spec: withSysctls({ sync_ports: 3 }), field: "spec.ipvs.sysctls.sync_ports", says: "Unsupported value" },
  {
    name: "backup_only where every node has a backup daemon",
    spec: { ipvs: { sync: {}, sysctls: { backup_only: 1 } } },
    field: "spec.ipvs.sysctls",
    says: "backup_only must be 0",
  },
  {
    name: "a namespace that is none",
    spec: { virtualServers: { namespaces: ["Web"] } },
    field: "spec.virtualServers.namespaces[0]",
    says: "must be a DNS label",
  },
];
