import assert from "node:assert/strict";
import { test } from "node:test";
import { messages, read, states } from "./support.ts";

/** `$` in front of a brace, which a linter takes for a forgotten template string. */
const use = (name: string) => `$\{${name}}`;

// Each row was compared with keepalived 2.2.7: what stands behind `state` after preprocessing.
const table: [what: string, text: string, states: string[]][] = [
  ["parameter before a blank or the end", "$A=foo\nstate $A\nstate $A x", ["foo", "foo|x"]],
  ["parameter before a comma or a parenthesis", "$A=1\nstate $A,x\nstate x$A)", ["1,x", "x1)"]],
  ["not before other letters", "$A=1\nstate $Ax\nstate $A.x\nstate $A/24", ["$Ax", "$A.x", "$A/24"]],
  ["in braces anywhere", `$A=foo\nstate x${use("A")}y`, ["xfooy"]],
  ["in double quotes in braces", `$A=foo bar\nstate "${use("A")}"\nstate "$A"`, ["foo bar", "$A"]],
  ["no definition with a blank before the sign", "$A = foo\nstate $A", ["$A"]],
  ["a name does not begin with a digit", "$1A=foo\nstate $1A", ["$1A"]],
  ["empty value", `$A=\nstate x${use("A")}y`, ["xy"]],
  ["the last definition counts", "$A=1\n$A=2\nstate $A", ["2"]],
  ["replaced when used, not when defined", `$A=${use("B")}\n$B=1\nstate $A\n$B=2\nstate $A`, ["1", "2"]],
  ["a comment is no part of a value", "$A=2#x\nstate $A", ["2"]],
  ["quotes are", '$A="a b"\nstate $A', ["a b"]],
  ["a definition in a comment is none", "#$A=1\nstate $A", ["$A"]],
  ["before its definition nothing is replaced", "state $A\n$A=1", ["$A"]],
  ["several lines", "$A= \\\n state one \\\n state two\n$A\n$A", ["one", "two", "one", "two"]],
  ["an empty line ends a definition", "$A= \\\nstate one \\\n\nstate two\n$A", ["two", "one"]],
  ["first line behind the sign", "$A=foo \\\nstate two\nstate $A", ["foo", "two"]],
  ["definitions within a definition", "$I= \\\n$N=1 \\\n$S \\\n$N=2 \\\n$S\n$S=state $N\n$I", ["1", "2"]],
  ["condition that holds", "@main state A", ["A"]],
  ["condition that does not", "@backup state A", []],
  ["negation", "@^main state A\n@^backup state B", ["B"]],
  ["condition in front of a definition", "@main $A=1\n@backup $A=2\nstate $A", ["1"]],
  ["condition out of a parameter", "$IF=@main\n$IF state A\n$IF=@backup\n$IF state B", ["A"]],
  ["condition whose several lines are skipped", "@backup $A= \\\nstate one\nstate two", ["two"]],
  ["configuration id", `state ${use("_INSTANCE")}`, ["main"]],
  ["directory", `state ${use("_PWD")}`, ["/etc"]],
  ["hash sign in quotes", `state "a${use("_HASH")}b${use("_BANG")}"`, ["a#b!"]],
  ["sequence", `~SEQ(A,1,3) state x${use("A")}`, ["x1", "x2", "x3"]],
  ["sequence with a step", `~SEQ(A,1,2,6) state ${use("A")}`, ["1", "3", "5"]],
  ["sequence downwards", `~SEQ(A,3,1) state $A`, ["3", "2", "1"]],
  ["sequence from nothing", "~SEQ(A,2) state $A\n~SEQ(B,-2) state $B", ["1", "2", "-1", "-2"]],
  ["hexadecimal sequence", `~SEQx(A, 0x8, 4, 0x10) state ${use("A")}`, ["8", "c", "10"]],
  ["sequence in a sequence", `~SEQ(A,1,2) ~SEQ(B,1,2) state ${use("A")}${use("B")}`, ["11", "12", "21", "22"]],
  ["sequence up to a parameter", "$N=2\n~SEQ(A,1,$N) state $A", ["1", "2"]],
  ["sequence of several lines", `$L= \\\nstate q${use("A")} \\\nstate r${use("A")}\n~SEQ(A,1,2) $L`, ["q1", "r1", "q2", "r2"]],
  ["its parameter keeps the last value", "~SEQ(A,1,2) state x\nstate $A", ["x", "x", "2"]],
  ["list", "~LST(A,a,b) state $A", ["a", "b"]],
  ["list of groups", `~LST({A,B},{1,2},{3,4}) state ${use("A")}-${use("B")}`, ["1-2", "3-4"]],
  ["group with a value less", `~LST({A,B},{1,2},{3}) state ${use("A")}-${use("B")}`, ["1-2", "3-"]],
  ["list with an empty value", `~LST(A,) state x${use("A")}`, ["x"]],
  ["list and sequence", `~LST(A,a,b) ~SEQ(B,1,2) state ${use("A")}${use("B")}`, ["a1", "a2", "b1", "b2"]],
  ["condition behind a sequence", "~SEQ(A,1,2) @main state $A", ["1", "2"]],
];

for (const [what, text, expected] of table) {
  test(`preprocessor: ${what}`, () => assert.deepEqual(states(text), expected));
}

const errors: [what: string, text: string, messages: string[]][] = [
  ["parameter in a circle", "$A=$A\nx $A", ["2:3: error: the parameters of this line refer to each other without end"]],
  [
    "parameters that grow without end",
    `$A=${use("B")}${use("B")}\n$B=${use("A")}x\nx $A`,
    ["3:3: error: the parameters of this line refer to each other without end"],
  ],
  ["undefined parameter", `router_id ${use("NAME")}`, [`1:11: error: \`${use("NAME")}\` is not defined`]],
  [
    "the environment",
    `router_id ${use("_ENV HOME")}`,
    [`1:11: error: \`${use("_ENV")}\` is not defined: keepalived 2.2.7 does not read the environment`],
  ],
  [
    "random numbers",
    `router_id ${use("_RANDOM 1 5")}`,
    [`1:11: error: \`${use("_RANDOM")}\` would make every node and every reload differ: write the number`],
  ],
  ["sequence that never ends", "~SEQ(A,1,0,5) x", ["1:1: error: ~SEQ from 1 by 0 never reaches 5"]],
  ["sequence away from its end", "~SEQ(A,1,-1,5) x", ["1:1: error: ~SEQ from 1 by -1 never reaches 5"]],
  ["sequence of words", "~SEQ(A,a,2) x", ["1:1: error: expected whole numbers in ~SEQ, got a, 2"]],
  ["sequence without an end", "~SEQ(A) x", ["1:1: error: expected ~SEQ(NAME, START, STEP, END), START and STEP may be left out"]],
  ["sequence that is not closed", "~SEQ(A,1,2 x", ["1:1: error: expected `)` at the end of the sequence"]],
  ["sequence of a billion", "~SEQ(A,1,1000000000) x", ["1:1: error: ~SEQ makes 1000000000 lines; at most 100000 are taken"]],
  ["list without values", "~LST(A) x", ["1:1: error: expected ~LST(NAME, VALUE, ...)"]],
  ["group with a value too many", "~LST({A,B},{1,2,3}) x", ["1:1: error: {1,2,3} has more values than there are names"]],
  ["condition of two names", "@main|b x", ["1:1: warning: keepalived 2.2.7 compares `main|b` as one name, so the line never counts"]],
  ["condition without a name", "@ x", ["1:1: warning: a configuration id is missing after `@`: the line never counts"]],
  ["missing file", "include none.conf", ["1:9: error: /etc/none.conf cannot be read: no such file"]],
  ["missing file that may be missing", "includer none.conf", ["1:10: warning: /etc/none.conf cannot be read: no such file"]],
  ["pattern that matches nothing", "include none*.conf", []],
  ["pattern that must match", "includew none*.conf", ["1:10: error: no file matches /etc/none*.conf"]],
  ["file that includes itself", "include k.conf", ["1:9: error: /etc/k.conf includes itself"]],
];

for (const [what, text, expected] of errors) {
  test(`preprocessor: ${what}`, () => {
    const { diagnostics } = read(text);
    assert.deepEqual(
      messages(diagnostics).filter((message) => !message.includes("unknown keyword") && !message.includes("stands outside")),
      expected,
    );
  });
}

test("includes: patterns in order, relative to the including file, parameters shared, places of their own", () => {
  const files = {
    "/etc/d/1.conf": "state A\n$V=5\ninclude ../e.conf",
    "/etc/d/2.conf": "state $V\nstate",
    "/etc/e.conf": `state ${use("_PWD")}`,
  };
  assert.deepEqual(states(`include d/*.conf\nstate ${use("_PWD")}`, { files }), ["A", "/etc", "5", "", "/etc"]);
  const { diagnostics, files: names } = read("vrrp_instance V {\ninterface e\nvirtual_router_id 1\ninclude d/*.conf\n}", { files });
  assert.ok(
    messages(diagnostics).includes("/etc/d/2.conf:2:6: error: state needs MASTER or BACKUP here"),
    messages(diagnostics).join("\n"),
  );
  assert.deepEqual(names, ["/etc/k.conf", "/etc/d/1.conf", "/etc/e.conf", "/etc/d/2.conf"]);
});

test("a circle of two files is reported where it closes", () => {
  const { diagnostics } = read("include a.conf", { files: { "/etc/a.conf": "\n include k.conf" } });
  assert.deepEqual(messages(diagnostics), ["/etc/a.conf:2:10: error: /etc/k.conf includes itself by way of /etc/a.conf"]);
});

test("a value out of a parameter is reported where the parameter is used, one out of several lines where it stands", () => {
  const text =
    "$P=300\n$B= \\\npriority 301\nvrrp_instance V {\ninterface e\nvirtual_router_id 1\n virtual_ipaddress {\n}\npriority $P\n$B\n}";
  assert.deepEqual(messages(read(text).diagnostics), [
    "3:1: warning: `priority` was given before, in line 9: this one counts",
    "3:10: error: priority: expected a whole number from 1 to 255, got `301`",
    "9:10: error: priority: expected a whole number from 1 to 255, got `300`",
  ]);
});

test("the configuration id comes before the name of the node, of which the first label counts", () => {
  const inner = (options: object) => states("@main state A\n@other state B", options);
  assert.deepEqual([inner({}), inner({ configId: "other" }), inner({ node: "other.example.com" })], [["A"], ["B"], ["B"]]);
});
