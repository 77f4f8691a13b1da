import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeCheck, VirtualRouterSpec } from "../../../../src/api/nodeAgent.ts";
import { load, messages } from "./support.ts";

type Track = NonNullable<VirtualRouterSpec["track"]>[number];

/** An instance V on eth0 with what it tracks, and a second one, W; `rest` is whatever else the file has. */
function plan(lines: string, rest = "") {
  const text = `vrrp_script s {
script "/bin/true"
}
track_file f {
file /run/f
}
vrrp_track_process p {
process nginx
}
vrrp_instance W {
interface eth9
virtual_router_id 2
virtual_ipaddress {
10.0.9.9
}
}
vrrp_instance V {
interface eth0
virtual_router_id 1
virtual_ipaddress {
10.0.0.1
}
${lines}
}
${rest}`;
  const loaded = load(text);
  const router = loaded.spec.virtualRouters.find(({ virtualIP }) => virtualIP === "V");
  return { track: router?.track ?? [], group: router?.group, checks: loaded.spec.checks ?? [], messages: messages(loaded), loaded };
}

const check = (name: string, weight: number, reverse = false): Track => ({ check: name, weight, reverse });
const link = (name: string, weight: number, reverse = false): Track => ({ interface: name, weight, reverse });

const lists: [lines: string, track: Track[], messages?: string[]][] = [
  ["", []],
  ["track_interface {\neth1\neth2 weight 10\n}", [link("eth1", 0), link("eth2", 10)]],
  ["track_interface {\neth1 weight 10 reverse\n}", [link("eth1", 10, true)]],
  ["track_interface {\neth1 weight -10 reverse\n}", [link("eth1", -10, true)]],
  ["track_interface {\neth1 weight 0 reverse\n}", [link("eth1", 0, true)]],
  ["track_script {\ns\n}", [check("s", 0)]],
  ["track_script {\ns weight -5\n}", [check("s", -5)]],
  ["track_script {\ns weight 5 reverse\n}", [check("s", 5, true)]],
  ["track_file {\nf\n}", [check("f", 1)]],
  ["track_file {\nf weight 3 reverse\n}", [check("f", 3, true)]],
  ["track_file {\nf weight 0 reverse\n}", [check("f", 0, true)]],
  ["track_file {\nf weight 254\n}", [check("f", 253)], ["24:1: warning: weight 254 is taken for 253"]],
  ["track_process {\np\n}", [check("p", 0)]],
  ["track_process {\np weight -254\n}", [check("p", -253)], ["24:1: warning: weight -254 is taken for -253"]],
  ["track_interface {\neth0\n}", [], ["24:1: warning: `eth0` is the instance's own interface: it is tracked anyway"]],
  ["track_script {\ns\ns weight 5\n}", [check("s", 0)], ["25:1: warning: `s` is tracked already: this line is ignored"]],
  [
    "priority 255\ntrack_script {\ns weight -5\n}\ntrack_interface {\neth1 weight 5\neth2\n}\ntrack_file {\nf\n}",
    [link("eth2", 0), check("f", 0)],
    [
      "25:1: warning: `s` with a weight is not tracked, as in keepalived: the instance is the address owner",
      "28:1: warning: `eth1` with a weight is not tracked, as in keepalived: the instance is the address owner",
      "32:1: warning: the weight of `f` is ignored, as in keepalived: the instance is the address owner",
    ],
  ],
];

for (const [lines, track, expected = []] of lists)
  test(`tracking: ${lines.replaceAll("\n", " ")}`, () => {
    const planned = plan(lines);
    assert.deepEqual(planned.track, track);
    assert.deepEqual(planned.messages, expected);
  });

test("the weight of a definition counts where a list says nothing, and noreverse undoes its reverse", () => {
  const weighted = 'vrrp_script w {\nscript "/bin/w"\nweight -20 reverse\n}';
  assert.deepEqual(plan("track_script {\nw\n}", weighted).track, [check("w", -20, true)]);
  assert.deepEqual(plan("track_script {\nw weight 7\n}", weighted).track, [check("w", 7, true)]);
  assert.deepEqual(plan("track_script {\nw weight 7 noreverse\n}", weighted).track, [check("w", 7)]);
});

test("interfaces that addresses, routes and rules need make FAULT, unless no_track says otherwise", () => {
  const lines = `virtual_ipaddress_excluded {
10.0.1.1 dev eth1
10.0.2.1 dev eth2 no_track
10.0.3.1 dev eth0
}
virtual_routes {
10.9.0.0/24 dev eth3
10.8.0.0/24 nexthop via 10.0.4.9 dev eth4 nexthop via 10.0.5.9 dev eth5
10.7.0.0/24 dev eth6 no_track
}
virtual_rules {
iif eth7 oif eth8 table 5 preference 1
iif lo table 5 preference 2
}`;
  assert.deepEqual(
    plan(lines).track,
    ["eth1", "eth3", "eth7", "eth8"].map((name) => link(name, 0)),
  );
});

test("a weight of an interface that an address needs does not count, as in keepalived", () => {
  const planned = plan("track_interface {\neth1 weight 10\n}\nvirtual_ipaddress_excluded {\n10.0.1.1 dev eth1\n}");
  assert.deepEqual(planned.track, [link("eth1", 0)]);
  assert.deepEqual(planned.messages, [
    "24:1: warning: the weight of `eth1` is ignored, as in keepalived: addresses, routes or rules of the instance need it",
  ]);
});

const group = (lines: string) => `vrrp_sync_group G {\ngroup {\nV\nW\n}\n${lines}\n}`;
const members = "track_interface {\neth1 weight 10\n}\ntrack_script {\ns weight 5\n}\ntrack_file {\nf\n}\ntrack_process {\np weight 7\n}";

test("members of a sync group have no weights of their own", () => {
  const planned = plan(members, group(""));
  assert.equal(planned.group, "G");
  assert.deepEqual(planned.track, [link("eth1", 0), check("f", 0), check("p", 7)]);
  assert.deepEqual(planned.messages, [
    "24:1: warning: the weight of `eth1` is ignored, as in keepalived: the instance is in a sync group",
    "27:1: warning: `s` with a weight is not tracked, as in keepalived: the instance is in a sync group",
    "30:1: warning: the weight of `f` is ignored, as in keepalived: the instance is in a sync group",
  ]);
});

for (const keyword of ["sync_group_tracking_weight", "global_tracking"])
  test(`but with ${keyword} they have`, () => {
    const planned = plan(members, group(keyword));
    assert.deepEqual(planned.track, [link("eth1", 10), check("s", 5), check("f", 1), check("p", 7)]);
    assert.deepEqual(planned.messages, []);
  });

test("what a sync group tracks, each member tracks, with the group's weight", () => {
  const lines = "track_interface {\neth1 weight 10\n}\ntrack_script {\ns weight 3\n}";
  const rest = group("sync_group_tracking_weight\ntrack_interface {\neth1 weight 20 reverse\neth2\n}\ntrack_script {\ns weight -3\n}");
  const { loaded, track } = plan(lines, rest);
  assert.deepEqual(track, [link("eth1", 20, true), check("s", -3), link("eth2", 0)]);
  assert.deepEqual(loaded.spec.virtualRouters.find(({ virtualIP }) => virtualIP === "W")?.track, [
    link("eth1", 20, true),
    link("eth2", 0),
    check("s", -3),
  ]);
  // FAULT stays FAULT.
  assert.deepEqual(plan("track_interface {\neth1\n}", group("track_interface {\neth1 weight 20\n}")).track, [link("eth1", 0)]);
});

test("a group with an address owner tracks without weights", () => {
  const planned = plan("priority 255", group("track_interface {\neth1 weight 20\n}"));
  assert.deepEqual(planned.track, [link("eth1", 0)]);
  assert.equal(planned.messages.length, 1, "once, not for each member");
  assert.match(
    planned.messages[0] ?? "",
    /^31:1: warning: the weight of `eth1` is ignored, as in keepalived: a member of the group is the address owner$/,
  );
});

test("an instance belongs to the first group that names it; a group of one is told of", () => {
  const planned = plan("", `${group("")}\nvrrp_sync_group H {\ngroup {\nV\n}\n}`);
  assert.equal(planned.group, "G");
  assert.deepEqual(planned.messages, [
    "32:1: warning: vrrp_sync_group `H` has one member only",
    "34:1: warning: `V` is in vrrp_sync_group `G` already: this line is ignored",
  ]);
});

const timing = { interval: "1s", rise: 1, fall: 1, initial: "Up" };

// Only what is tracked runs.
const definitions: [definition: string, check: Omit<NodeCheck, "name"> | object][] = [
  ['vrrp_script x {\nscript "/bin/x a"\n}', { exec: { command: ["/bin/x", "a"] }, ...timing }],
  [
    "vrrp_script x {\nscript /bin/x\ninterval 5\ntimeout 3\nrise 2\nfall 4\ninit_fail\nuser nobody nogroup\n}",
    { exec: { command: ["/bin/x"], user: "nobody:nogroup" }, interval: "5s", timeout: "3s", rise: 2, fall: 4, initial: "Down" },
  ],
  ["vrrp_script x {\nscript /bin/x\nuser nobody\nrise 99999\n}", { exec: { command: ["/bin/x"], user: "nobody" }, ...timing, rise: 1000 }],
  ["track_file x {\nfile /run/x\n}", { file: { path: "/run/x" }, ...timing }],
  ["vrrp_track_file x {\nfile /run/x\n}", { file: { path: "/run/x" }, ...timing }],
  ["vrrp_track_process x {\nprocess nginx\n}", { process: { name: "nginx", argumentsMatch: "Exact", minimum: 1 }, ...timing }],
  [
    'vrrp_track_process x {\nprocess "/usr/sbin/a b" -f "c d"\nquorum 2\nquorum_max 3\nfork_delay 0.5\nterminate_delay 2\n}',
    {
      process: { name: "/usr/sbin/a b", arguments: ["-f", "c d"], argumentsMatch: "Exact", minimum: 2, maximum: 3 },
      ...timing,
      riseDelay: "500ms",
      fallDelay: "2s",
    },
  ],
  [
    "vrrp_track_process x {\nprocess a b\nparam_match partial\nquorum_max 0\ndelay 1\n}",
    {
      process: { name: "a", arguments: ["b"], argumentsMatch: "Partial", minimum: 0, maximum: 0 },
      ...timing,
      riseDelay: "1s",
      fallDelay: "1s",
    },
  ],
  [
    "vrrp_track_process x {\nprocess a b\nparam_match initial\nfork_delay 3\ndelay 1\nterminate_delay 2\n}",
    { process: { name: "a", arguments: ["b"], argumentsMatch: "Initial", minimum: 1 }, ...timing, riseDelay: "1s", fallDelay: "2s" },
  ],
  [
    "vrrp_track_process x {\nprocess a\nparam_match\n}",
    { process: { name: "a", arguments: [], argumentsMatch: "Exact", minimum: 1 }, ...timing },
  ],
];

for (const [definition, expected] of definitions)
  test(`check: ${definition.replaceAll("\n", " ")}`, () => {
    const [keyword = ""] = definition.split(" ");
    const list = {
      vrrp_script: "track_script",
      track_file: "track_file",
      vrrp_track_file: "track_file",
      vrrp_track_process: "track_process",
    }[keyword];
    assert.deepEqual(plan(`${list} {\nx\n}`, definition).checks, [{ name: "x", ...expected }]);
    assert.deepEqual(plan("", definition).checks, []);
  });

test("a script and a file of one name are two checks", () => {
  const planned = plan("track_script {\nx\n}\ntrack_file {\nx\n}", "vrrp_script x {\nscript /bin/x\n}\ntrack_file x {\nfile /run/x\n}");
  assert.deepEqual(
    planned.checks.map(({ name }) => name),
    ["x", "x-2"],
  );
  assert.deepEqual(planned.track, [check("x", 0), check("x-2", 1)]);
});

test("init_file: the file is made, and with overwrite written to", () => {
  const made = (line: string) => {
    const { spec } = load(`track_file g {
file /run/g
${line}
}
vrrp_instance V {
interface eth0
virtual_router_id 1
virtual_ipaddress {
10.0.0.1
}
track_file {
g
}
}`);
    return spec.checks?.[0]?.file;
  };
  assert.deepEqual(made(""), { path: "/run/g" });
  assert.deepEqual(made("init_file"), { path: "/run/g", create: { value: 0, overwrite: false } });
  assert.deepEqual(made("init_file -5 overwrite"), { path: "/run/g", create: { value: -5, overwrite: true } });
  assert.deepEqual(made("init_file overwrite"), { path: "/run/g", create: { value: 0, overwrite: true } });
});
