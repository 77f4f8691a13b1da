/** AgentConfig specs that the API takes and refuses; see schemaCases.ts. */
import type { BadCase, GoodCase } from "./schemaCases.ts";

export const goodConfigs: GoodCase[] = [
  { name: "nothing", spec: {} },
  {
    name: "FIFOs, and mail about all but FAULT",
    spec: {
      notifyFifo: "/run/all",
      vrrpNotifyFifo: "/run/vrrp",
      notifyStatesOnReload: true,
      mail: { server: "192.0.2.25", from: "a@example.com", to: ["b@example.com"], faults: false },
    },
  },
  {
    name: "delays of interfaces",
    spec: {
      interfaces: [
        { name: "eth0", downDelay: "200ms" },
        { name: "bond0.100", upDelay: "1m" },
      ],
    },
  },
  {
    name: "paces of announcements",
    spec: {
      announcementPacing: [
        { interfaces: ["eth0", "eth1"], gratuitousARP: "0.1ms", unsolicitedNA: "1.5s" },
        { interfaces: ["eth2"], unsolicitedNA: "4294s" },
        { gratuitousARP: "1ms" },
      ],
    },
  },
];

export const badConfigs: BadCase[] = [
  {
    name: "two delays of one interface",
    spec: { interfaces: [{ name: "eth0" }, { name: "eth0", upDelay: "1s" }] },
    field: "spec.interfaces[1]",
    says: "Duplicate value",
  },
  {
    name: "a delay without a unit",
    spec: { interfaces: [{ name: "eth0", downDelay: "5" }] },
    field: "spec.interfaces[0].downDelay",
    says: "must be a duration such as",
  },
  {
    name: "a pace of nothing",
    spec: { announcementPacing: [{ interfaces: ["eth0"] }] },
    field: "spec.announcementPacing[0]",
    says: "gratuitousARP or unsolicitedNA must be given",
  },
  {
    name: "a pace that is none",
    spec: { announcementPacing: [{ gratuitousARP: "0.09ms" }] },
    field: "spec.announcementPacing[0].gratuitousARP",
    says: "must be a duration from 0.1ms to 4294s",
  },
  {
    name: "a pace beyond an hour",
    spec: { announcementPacing: [{ unsolicitedNA: "2h" }] },
    field: "spec.announcementPacing[0].unsolicitedNA",
    says: "must be a duration from 0.1ms to 4294s",
  },
  {
    name: "two paces for all others",
    spec: { announcementPacing: [{ gratuitousARP: "1ms" }, { unsolicitedNA: "1ms" }] },
    field: "spec.announcementPacing",
    says: "one entry at the most may leave interfaces out",
  },
];
