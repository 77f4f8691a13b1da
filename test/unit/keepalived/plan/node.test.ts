/** What a keepalived.conf says of the interfaces of a node. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceLines, load, messages } from "./support.ts";

function plan(lines: string) {
  const loaded = load(`${lines}\nvrrp_instance V {\n${instanceLines}\n}`);
  return { ...loaded.spec, messages: messages(loaded) };
}

test("interface_up_down_delays: without the second one it is 0; the last line about an interface counts", () => {
  assert.equal(plan("").interfaces, undefined);
  const { interfaces, messages: told } = plan(
    "interface_up_down_delays {\neth0 1.5 2\neth1 0.000001\neth0 0.25\n}\ninterface_up_down_delays {\neth2 0 3\n}",
  );
  assert.deepEqual(interfaces, [
    { name: "eth0", downDelay: "250ms", upDelay: "0s" },
    { name: "eth1", downDelay: "0.001ms", upDelay: "0s" },
    { name: "eth2", downDelay: "0s", upDelay: "3s" },
  ]);
  assert.deepEqual(told, []);
});

const pacing: [lines: string, paces: object[] | undefined, messages?: string[]][] = [
  ["", undefined],
  ["global_defs {\nvrrp_garp_interval 0.001\n}", [{ gratuitousARP: "1ms" }]],
  ["global_defs {\nvrrp_garp_interval 0\nvrrp_gna_interval 1.5\n}", [{ unsolicitedNA: "1500ms" }]],
  [
    "global_defs {\nvrrp_gna_interval 0.000001\n}",
    [{ unsolicitedNA: "0.1ms" }],
    ["2:1: warning: `vrrp_gna_interval` 0.000001 is taken for 0.1ms: announcements are no closer"],
  ],
  [
    "garp_group {\ngarp_interval 0.01\ngna_interval 0.02\ninterface eth0\n}",
    [{ interfaces: ["eth0"], gratuitousARP: "10ms", unsolicitedNA: "20ms" }],
  ],
  [
    "garp_group {\ngarp_interval 0.01\ninterfaces {\neth0 eth1\neth0\n}\n}\nglobal_defs {\nvrrp_garp_interval 1\n}",
    [{ interfaces: ["eth0", "eth1"], gratuitousARP: "10ms" }, { gratuitousARP: "1s" }],
  ],
  ["garp_group {\ngarp_interval 0.01\n}", undefined, ["1:1: warning: garp_group is ignored: it names no interface"]],
  ["garp_group {\ninterface eth0\n}", undefined],
];

for (const [lines, expected, told = []] of pacing)
  test(`pacing: ${lines.replaceAll("\n", "; ") || "nothing"}`, () => {
    const { announcementPacing, messages: messagesTold } = plan(lines);
    assert.deepEqual(announcementPacing, expected);
    assert.deepEqual(messagesTold, told);
  });
