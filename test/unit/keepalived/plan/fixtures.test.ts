/** What becomes of the samples; the expectations are those of their README. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import type { NodeAgentSpec, VirtualRouterSpec } from "../../../../src/api/nodeAgent.ts";
import { fixtures, loadFixture, messages } from "./support.ts";

/** Everything that no sample sets, as keepalived 2.2.7 has it. */
const left = {
  family: "IPv4",
  version: 2,
  advertisementInterval: "1s",
  preempt: true,
  preemptDelay: "0s",
  downTimerAdverts: 3,
  announcements: { at: ["0s", "5s"], copies: 5, refresh: "0s", refreshCopies: 1 },
  checksum: "WithPseudoHeader",
  linkLocalFirst: false,
  trackPrimary: true,
  conflicts: "Report",
  deadMan: true,
};

type Router = Partial<Omit<VirtualRouterSpec, "addresses">> & {
  password?: string;
  addresses: (string | VirtualRouterSpec["addresses"][number])[];
};

/** Name, VRID, priority, addresses, password; on eth0 unless `more` says. */
function router(
  virtualIP: string,
  vrid: number,
  priority: number,
  addresses: Router["addresses"],
  password?: string,
  more: Partial<Router> = {},
): Router {
  return { virtualIP, interface: "eth0", virtualRouterID: vrid, priority, addresses, ...(password !== undefined && { password }), ...more };
}

const group19 = { multicastGroup: "224.0.100.19" };
const group67 = { multicastGroup: "224.0.100.67" };
const program = (event: "MASTER" | "BACKUP" | "FAULT", state: string) => ({
  events: [event],
  command: ["/etc/keepalived/notify.sh", state],
});
const stateProgram = [program("MASTER", "master"), program("BACKUP", "backup"), program("FAULT", "fault")];
const notified = { notify: { programs: stateProgram } };
const generic = {
  events: ["MASTER" as const, "BACKUP" as const, "FAULT" as const, "STOP" as const],
  command: ["/etc/keepalived/notify-any.sh"],
  appendState: true,
};
const mail = (subjectName: string, from = "keepalived@localhost") => ({
  notify: { mail: { server: "127.0.0.1", from, to: ["root@localhost"], timeout: "30s", subjectName } },
});
const [mail1, mail2] = [mail("node1.zhejian.com"), mail("node2.zhejian.com")];
const [kaMail1, kaMail2] = [mail("node1.zhejian.com", "kaadmin@localhost"), mail("node2.zhejian.com", "kaadmin@localhost")];
const script = (name: string, command: string[], more = {}) => ({
  name,
  exec: { command },
  interval: "1s",
  rise: 1,
  fall: 1,
  initial: "Up",
  ...more,
});
const tracked = (check: string, weight: number) => ({ check, weight, reverse: false });
const fault = (name: string) => ({ interface: name, weight: 0, reverse: false });
const nginxChecks = [
  script("chk_down", ["/bin/bash", "-c", "[[ -f /etc/keepalived/down ]] && exit 1 || exit 0"]),
  script("chk_nginx", ["/bin/bash", "-c", "killall -0 nginx && exit 0 || exit 1"], { fall: 2 }),
];
const nginx = { ...group19, track: [tracked("chk_down", -5), tracked("chk_nginx", -5)], ...notified };
const tcpCheck = (host: string, fall: number) => script("chk_tcp", ["bash", "-c", `</dev/tcp/${host}/8889`], { rise: 2, fall });
const vip16 = ["192.168.200.16"];
const syncGroup = (priority: number): Router[] => [
  router("VI_OUT", 51, priority, ["192.168.200.16/24"], "1111", { group: "G1" }),
  router("VI_IN", 52, priority, ["10.9.0.1/24"], "1111", { group: "G1", interface: "eth1" }),
];
const groups = [{ name: "G1", notify: { programs: stateProgram } }];
const cut = (line: number) => `${line}:15: warning: auth_pass: only the first 8 characters of the password count`;
const own = (line: number) => `${line}:5: warning: \`eth0\` is the instance's own interface: it is tracked anyway`;

const shell = (line: number, word: string) =>
  `${line}:10: warning: script: \`${word}\` needs a shell, and keepalived starts programs without one: put /bin/sh -c '...' around the command`;

interface Expectation {
  routers: Router[];
  rest?: object;
  messages?: string[];
}

const table: Record<string, Expectation> = {
  "track-tcp-master": {
    routers: [router("VI_1", 51, 101, ["10.0.3.100"], "1111", { track: [tracked("chk_tcp", -10)] })],
    rest: { checks: [tcpCheck("0.0.0.0", 2)] },
  },
  "track-tcp-backup": {
    routers: [router("VI_1", 51, 100, ["10.0.3.100"], "1111", { track: [tracked("chk_tcp", -10)] })],
    rest: { checks: [tcpCheck("10.0.3.3", 1)] },
  },
  "prose-pair-master": { routers: [router("VI_1", 51, 100, vip16, "1111")] },
  "prose-pair-backup": { routers: [router("VI_1", 51, 50, vip16, "1111")] },
  "single-master": { routers: [router("VIR_1", 14, 100, ["10.1.0.91/16"], "123456_p", group19)], rest: mail2, messages: [cut(23)] },
  "single-backup": { routers: [router("VIR_1", 14, 98, ["10.1.0.91/16"], "123456_p", group19)], rest: mail1, messages: [cut(23)] },
  "dual-master-node1": {
    routers: [
      router("VIR_1", 14, 100, ["10.1.0.91/16"], "123456_p", group19),
      router("VIR_2", 15, 98, ["10.1.0.92/16"], "578f07b2", group19),
    ],
    rest: mail1,
    messages: [cut(23)],
  },
  "dual-master-node2": {
    routers: [
      router("VIR_1", 14, 98, ["10.1.0.91/16"], "123456_p", group19),
      router("VIR_2", 15, 100, ["10.1.0.92/16"], "578f07b2", group19),
    ],
    rest: mail2,
    messages: [cut(23)],
  },
  "vip-dev-label": {
    routers: [
      router(
        "VI_1",
        51,
        100,
        [
          { address: "192.168.200.17/24", interface: "eth1" },
          { address: "192.168.200.18/24", interface: "eth2", label: "eth2:1" },
        ],
        "1111",
        {
          track: [fault("eth1"), fault("eth2")],
        },
      ),
    ],
  },
  "vip-all-options": {
    routers: [
      router(
        "VI_1",
        51,
        100,
        [{ address: "192.168.200.17/24", interface: "eth1", label: "eth1:1", scope: "global", broadcast: "192.168.200.255" }],
        "1111",
        {
          track: [fault("eth1")],
        },
      ),
    ],
  },
  "track-interface": { routers: [router("VI_1", 51, 100, vip16, "1111", { track: [fault("eth1")] })], messages: [own(18)] },
  nopreempt: { routers: [router("VI_1", 51, 100, vip16, "1111", { preempt: false })] },
  "preempt-delay": { routers: [router("VI_1", 51, 100, vip16, "1111", { preemptDelay: "300s" })] },
  "notify-scripts": {
    routers: [router("VIR_1", 14, 100, ["10.1.0.91/16"], "123456_p", { ...group19, notify: { programs: [...stateProgram, generic] } })],
    rest: mail1,
    messages: [cut(23)],
  },
  "ha-ipvs-dr": {
    routers: [router("VIR_1", 14, 100, ["10.1.0.93/16"], "123456_p", { ...group19, ...notified })],
    rest: mail1,
    messages: [cut(23)],
  },
  "ha-ipvs-dr-backup": {
    routers: [router("VIR_1", 14, 98, ["10.1.0.93/16"], "123456_p", { ...group19, ...notified })],
    rest: mail2,
    messages: [cut(23)],
  },
  "dual-master-lvs-fwmark-node1": {
    routers: [
      router("VIR_1", 44, 100, [{ address: "172.16.0.80/16", label: "eth0:0" }], "f1bf7fde", { ...group67, ...notified }),
      router("VIR_2", 45, 98, [{ address: "172.16.0.90/16", label: "eth0:1" }], "f2bf7ade", { ...group67, ...notified }),
    ],
    rest: kaMail1,
    messages: [own(29), own(50)],
  },
  "dual-master-lvs-fwmark-node2": {
    routers: [
      router("VIR_1", 44, 98, [{ address: "172.16.0.80/16", label: "eth0:0" }], "f1bf7fde", { ...group67, ...notified }),
      router("VIR_2", 45, 100, [{ address: "172.16.0.90/16", label: "eth0:1" }], "f2bf7ade", { ...group67, ...notified }),
    ],
    rest: kaMail2,
    messages: [own(29), own(50)],
  },
  "track-script-minimal": {
    routers: [router("VI_1", 51, 100, vip16, "1111", { track: [tracked("chk_ready", -20)] })],
    rest: { checks: [script("chk_ready", ["/usr/bin/test", "-e", "/run/ready"], { interval: "2s" })] },
  },
  "ha-nginx-master": {
    routers: [router("VIR_1", 14, 100, ["10.1.0.93/16"], "123456_p", nginx)],
    rest: { ...mail1, checks: nginxChecks },
    messages: [cut(37)],
  },
  "ha-nginx-backup": {
    routers: [router("VIR_1", 14, 98, ["10.1.0.93/16"], "123456_p", nginx)],
    rest: { ...mail2, checks: nginxChecks },
    messages: [cut(37)],
  },
  "lvs-dr-master": { routers: [router("VI--1", 66, 100, ["192.168.1.100"], "1111")] },
  "lvs-dr-backup": { routers: [router("VI--1", 66, 50, ["192.168.1.100"], "1111")] },
  "glued-comment": { routers: [router("VI--1", 66, 100, ["192.168.1.100"], "1111")] },
  "mutual-node1": { routers: [router("VI_1", 51, 100, ["192.168.1.8"], "password"), router("VI_2", 52, 99, ["192.168.1.9"], "password")] },
  "mutual-node2": { routers: [router("VI_1", 51, 99, ["192.168.1.8"], "password"), router("VI_2", 52, 100, ["192.168.1.9"], "password")] },
  "trailing-space": { routers: [router("VI_1", 51, 100, ["192.168.1.8"], "password")] },
  "syn-sync-group-master": { routers: syncGroup(100), rest: { groups } },
  "syn-sync-group-backup": { routers: syncGroup(98), rest: { groups } },
  "syn-lvs-nat": { routers: syncGroup(100), rest: { groups } },
  "syn-static-routes": {
    routers: [
      router("VI_1", 51, 100, ["192.168.200.16/24"], "1111", {
        routes: [{ destination: "10.40.0.0/16", type: "unicast", nextHops: [{ via: "192.168.200.254", interface: "eth0" }] }],
      }),
    ],
    rest: {
      static: {
        addresses: [{ address: "10.9.0.2/24", interface: "eth1", scope: "global" }],
        routes: [
          { destination: "10.20.0.0/16", type: "unicast", nextHops: [{ via: "10.9.0.254", interface: "eth1" }] },
          { destination: "10.30.0.0/16", type: "blackhole" },
        ],
        rules: [],
      },
    },
  },
  "syn-auth-ah": {
    routers: [router("VIR_1", 14, 100, ["10.1.0.91/16"])],
    messages: ["11:15: warning: auth_type: AH authentication is not supported: the instance can be imported but not run"],
  },
  "syn-auth-none": { routers: [router("VIR_1", 14, 100, ["10.1.0.91/16"])] },
  "syn-vmac": { routers: [router("VIR_1", 14, 100, ["10.1.0.91/16"], undefined, { virtualMACInterface: "vrrp.14" })] },
  "syn-mail-alert": {
    routers: [router("VIR_1", 14, 100, ["10.1.0.91/16"], "123456_p", { ...group19, notify: { mail: true } })],
    rest: mail1,
    messages: [cut(23)],
  },
  "syn-many-backups-a": { routers: [router("VI--1", 66, 150, ["192.168.1.100"], "1111")] },
  "syn-many-backups-b": { routers: [router("VI--1", 66, 100, ["192.168.1.100"], "1111")] },
  "syn-many-backups-c": { routers: [router("VI--1", 66, 50, ["192.168.1.100"], "1111")] },
  "syn-split-brain-a": { routers: [router("VI_1", 51, 100, vip16, "1111")] },
  "syn-split-brain-b": { routers: [router("VI_1", 52, 50, vip16, "1111")] },
  // Of those that must be reported: what is meant in spite of the warning.
  "state-slave.broken": {
    routers: [router("VI--1", 66, 50, ["192.168.1.100"], "1111")],
    messages: ["5:9: warning: state: there is no state SLAVE: taken for BACKUP"],
  },
  "nopreempt.broken": {
    routers: [router("VI_1", 51, 100, vip16, "1111", { preempt: false })],
    messages: ["17:3: warning: keepalived ignores nopreempt beside state MASTER: taken as meant, the instance begins as BACKUP"],
  },
  "ha-nginx-master.broken": {
    routers: [router("VIR_1", 14, 100, ["10.1.0.93/16"], "123456_p", nginx)],
    rest: {
      ...mail1,
      // The agent finds no program `[[`, and says so.
      checks: [
        script("chk_down", ["[[", "-f", "/etc/keepalived/down", "]]", "&&", "exit", "1", "||", "exit", "0"]),
        script("chk_nginx", ["killall", "-0", "nginx", "&&", "exit", "0", "||", "exit", "1"], { fall: 2 }),
      ],
    },
    messages: [shell(16, "[["), shell(22, "&&"), cut(37)],
  },
  "dual-master-lvs-fwmark-node1.broken": {
    routers: [
      router("VIR_1", 44, 100, [{ address: "172.16.0.80/16", label: "eth0:0" }], "f1bf7fde", { ...group67, ...notified }),
      router("VIR_2", 45, 98, [{ address: "172.16.0.90/16", label: "eth0:1" }], "f2bf7ade", { ...group67, ...notified }),
    ],
    rest: kaMail1,
    messages: [own(29), own(50), "61:3: warning: `nat_mask` is ignored: keepalived 2.2.7 does not know it"],
  },
  "nbsp-indent.broken": {
    routers: [router("VI_1", 51, 50, vip16, "1111")],
    messages: ["5:1: warning: U+00A0 (no-break space) taken as a blank, here and in 29 more places"],
  },
};

/** As the table has it: addresses alone where they have nothing else, and the password instead of the reference to it. */
function summarize(spec: NodeAgentSpec, secrets: readonly { name: string; key: string; value: string }[]): Router[] {
  return spec.virtualRouters.map(({ passwordRef, addresses, ...rest }) => {
    const secret = secrets.find(({ name, key }) => name === passwordRef?.name && key === passwordRef.key);
    const different = Object.entries(rest).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(left[field as keyof typeof left]),
    );
    const missing = Object.keys(left).filter((field) => !Object.hasOwn(rest, field));
    return {
      ...Object.fromEntries(different),
      ...Object.fromEntries(missing.map((field) => [field, "missing"])),
      addresses: addresses.map((address) => (Object.keys(address).length === 1 ? address.address : address)),
      ...(secret && { password: secret.value }),
    };
  });
}

for (const [name, { routers, rest = {}, messages: expected = [] }] of Object.entries(table)) {
  test(`${name}.conf: what it runs`, () => {
    const loaded = loadFixture(`${name}.conf`);
    const { virtualRouters: _, virtualServers: __, ...more } = loaded.spec;
    assert.deepEqual(messages(loaded), expected);
    assert.deepEqual(summarize(loaded.spec, loaded.secrets), routers);
    assert.deepEqual(more, rest);
    assert.equal(loaded.unsupported.length, name === "syn-auth-ah" ? 1 : 0);
  });
}

const all = readdirSync(fixtures).filter((name) => name.endsWith(".conf"));

for (const name of all.filter((file) => !table[file.replace(/\.conf$/, "")])) {
  test(`${name}: nothing of VRRP runs`, () => {
    const loaded = loadFixture(name);
    const errors = messages(loaded).filter((message) => message.includes(" error: "));
    assert.equal(loaded.hasErrors, errors.length > 0);
    assert.deepEqual({ ...loaded.spec, virtualServers: undefined }, { virtualRouters: [], virtualServers: undefined });
    assert.equal((loaded.spec.virtualServers ?? []).length > 0, errors.length === 0);
  });
}

test("AH is named with its place, for the agent to refuse", () => {
  const { unsupported } = loadFixture("syn-auth-ah.conf");
  assert.deepEqual(unsupported, [
    {
      virtualIP: "VIR_1",
      position: { file: "syn-auth-ah.conf", line: 11, column: 5 },
      message: "vrrp_instance `VIR_1`: AH authentication is not supported: use auth_type PASS, or none",
    },
  ]);
});
