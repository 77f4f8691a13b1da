import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notify } from "../../../../src/api/nodeAgent.ts";
import { instanceLines, load, messages } from "./support.ts";

function plan(lines: string, globals = "", rest = "") {
  const loaded = load(`global_defs {\n${globals}\n}\nvrrp_instance V {\n${instanceLines}\n${lines}\n}\n${rest}`);
  return { notify: loaded.spec.virtualRouters[0]?.notify, spec: loaded.spec, messages: messages(loaded), agent: loaded.agent };
}

const run = (event: string, ...command: string[]) => ({ events: [event], command });

const programs: [lines: string, programs: object[] | undefined][] = [
  ["", undefined],
  ["notify_master \"/bin/n a 'b c'\"", [run("MASTER", "/bin/n", "a", "b c")]],
  ["notify_backup /bin/n nobody", [{ ...run("BACKUP", "/bin/n"), user: "nobody" }]],
  ["notify_fault /bin/n nobody nogroup", [{ ...run("FAULT", "/bin/n"), user: "nobody:nogroup" }]],
  ["notify_stop /bin/n", [run("STOP", "/bin/n")]],
  ["notify_master_rx_lower_pri /bin/n", [run("MASTER_RX_LOWER_PRI", "/bin/n")]],
  ["notify /bin/n", [{ events: ["MASTER", "BACKUP", "FAULT", "STOP"], command: ["/bin/n"], appendState: true }]],
  // Without notify_deleted a router that is taken away is in FAULT for its programs.
  ["notify /bin/n\nnotify_deleted", [{ events: ["MASTER", "BACKUP", "FAULT", "STOP", "DELETED"], command: ["/bin/n"], appendState: true }]],
  ["notify_deleted /bin/d", [run("DELETED", "/bin/d")]],
];

for (const [lines, expected] of programs)
  test(`programs: ${lines.replaceAll("\n", "; ")}`, () => assert.deepEqual(plan(lines).notify, expected && { programs: expected }));

const mailed = "smtp_server 10.0.0.25\nnotification_email {\na@b\n}";

const alerts: [lines: string, globals: string, notify: Notify | undefined, messages?: string[]][] = [
  ["", mailed, undefined],
  ["smtp_alert", mailed, { mail: true }],
  ["smtp_alert off", `${mailed}\nsmtp_alert`, undefined],
  ["", `${mailed}\nsmtp_alert`, { mail: true }],
  ["", `${mailed}\nsmtp_alert on\nsmtp_alert_vrrp off`, undefined],
  ["", `${mailed}\nsmtp_alert_vrrp`, { mail: true }],
  ["smtp_alert", "", undefined, ["8:1: warning: no mail is sent: global_defs has no smtp_server"]],
  ["smtp_alert", "smtp_server 10.0.0.25", undefined, ["8:1: warning: no mail is sent: global_defs has no notification_email"]],
  ["", "smtp_alert", undefined],
];

for (const [lines, globals, expected, told = []] of alerts)
  test(`mail: ${lines} with ${globals.replaceAll("\n", "; ") || "nothing"}`, () => {
    const planned = plan(lines, globals);
    assert.deepEqual(planned.notify, expected);
    assert.deepEqual(planned.messages, told);
  });

const settings: [globals: string, mail: object | undefined][] = [
  ["smtp_server 10.0.0.25", undefined],
  ["notification_email {\na@b\n}", undefined],
  [mailed, { server: "10.0.0.25", from: "root@node1", to: ["a@b"], timeout: "30s" }],
  [
    "smtp_server mx.example.com 587\nnotification_email {\na@b c@d\n}\nnotification_email {\ne@f\n}\nnotification_email_from g@h\nsmtp_helo_name i\nsmtp_connect_timeout 5\nrouter_id R1",
    { server: "mx.example.com:587", from: "g@h", to: ["a@b", "c@d", "e@f"], helo: "i", timeout: "5s", subjectName: "R1" },
  ],
  [`${mailed}\nsmtp_server fe80::25 26`, { server: "[fe80::25]:26", from: "root@node1", to: ["a@b"], timeout: "30s" }],
];

for (const [globals, mail] of settings)
  test(`mail settings: ${globals.replaceAll("\n", "; ")}`, () => assert.deepEqual(plan("", globals).spec.notify, mail && { mail }));

test("there are two FIFOs, with what they get", () => {
  assert.deepEqual(plan("", "notify_fifo /run/a").spec.notify, { fifo: "/run/a" });
  assert.deepEqual(plan("", "vrrp_notify_fifo /run/b").spec.notify, { vrrpFifo: "/run/b" });
  assert.deepEqual(plan("", "fifo_write_vrrp_states_on_reload").spec.notify, undefined);
  const both = plan("", "notify_fifo /run/a\nvrrp_notify_fifo /run/b root\nfifo_write_vrrp_states_on_reload");
  assert.deepEqual(both.spec.notify, { fifo: "/run/a", vrrpFifo: "/run/b", statesOnReload: true });
  assert.deepEqual(both.messages, ["3:1: warning: the owner of the FIFO is ignored: one that exists is used as it is"]);
});

test("changes of the priority are told where the instance says so, else its group, else all", () => {
  const group = (words: string) => `vrrp_sync_group G {\ngroup {\nV\n}\n${words}\n}`;
  const [all, on, off] = ["vrrp_notify_priority_changes on", "notify_priority_changes on", "notify_priority_changes off"];
  const told = (...texts: [string, string?, string?]) => plan(...texts).notify?.priorityChanges ?? false;
  assert.deepEqual([told(""), told("", all), told("", "", group(on)), told(on)], [false, true, true, true]);
  assert.deepEqual([told("", all, group(off)), told(on, "", group(off)), told(off, all, group(on))], [false, true, false]);
});

test("no_email_faults: mail about the other states alone", () => {
  assert.equal(plan("smtp_alert", `${mailed}\nno_email_faults`).spec.notify?.mail?.faults, false);
  assert.equal(plan("smtp_alert", mailed).spec.notify?.mail?.faults, undefined);
});

test("a group notifies for itself, its members besides", () => {
  const group =
    "vrrp_instance W {\ninterface eth1\nvirtual_router_id 2\nvirtual_ipaddress {\n10.0.1.1\n}\n}\nvrrp_sync_group G {\ngroup {\nV\nW\n}\nnotify /bin/g\nsmtp_alert\n}";
  const planned = plan("notify_master /bin/n", mailed, group);
  assert.deepEqual(planned.spec.groups, [
    {
      name: "G",
      notify: { programs: [{ events: ["MASTER", "BACKUP", "FAULT", "STOP"], command: ["/bin/g"], appendState: true }], mail: true },
    },
  ]);
  assert.deepEqual(planned.notify, { programs: [run("MASTER", "/bin/n")] });
});

test("who runs programs that name nobody", () => {
  assert.deepEqual(plan("").agent, {});
  assert.deepEqual(plan("", "script_user x").agent, { scriptUser: { user: "x" } });
  assert.deepEqual(plan("", "script_user x y").agent, { scriptUser: { user: "x", group: "y" } });
});
