import assert from "node:assert/strict";
import { test } from "node:test";
import { messages, read, statements } from "./support.ts";

const shapes: [what: string, text: string, statements: string[]][] = [
  ["brace on the same line", "global_defs {\nrouter_id R\n}", ["global_defs{", "router_id|R"]],
  ["brace glued to the keyword", "global_defs{\nrouter_id R\n}", ["global_defs{", "router_id|R"]],
  ["brace on the next line", "global_defs\n{\nrouter_id R\n}", ["global_defs{", "router_id|R"]],
  ["brace behind comments and empty lines", "global_defs\n\n# a\n{ router_id R }", ["global_defs{", "router_id|R"]],
  ["one line", "SSL { key a }", ["SSL{", "key|a"]],
  ["something behind a closing brace", "SSL { key a\n} global_defs { router_id R }", ["SSL{", "key|a", "global_defs{", "router_id|R"]],
  ["empty blocks", "SSL {}\nSSL { }", ["SSL{", "SSL{"]],
];

for (const [what, text, expected] of shapes) {
  test(`blocks: ${what}`, () => {
    const { tree, diagnostics } = read(text);
    assert.deepEqual(statements(tree), expected);
    assert.deepEqual(
      messages(diagnostics).filter((message) => message.includes("error")),
      [],
    );
  });
}

const instance = (body: string) => `vrrp_instance V {\ninterface e\nvirtual_router_id 1\n${body}`;
const braces: [what: string, text: string, messages: string[]][] = [
  ["a block left open at the end", "global_defs {\n  router_id R\n", ["1:1: error: `global_defs` is never closed: expected `}`"]],
  ["a brace too many at the end", "SSL { key a }\n}", ["2:1: error: `}` closes nothing: no block is open here"]],
  ["a brace too many in front", "}\nSSL { key a }", ["1:1: error: `}` closes nothing: no block is open here"]],
  ["braces without a keyword", "{\n}", ["1:1: error: `{` without a keyword in front of it"]],
  ["a keyword without its block", "global_defs\nSSL { key a }", ["1:1: error: expected `{` after `global_defs`"]],
  [
    "a block behind a keyword that takes none",
    instance("virtual_ipaddress {\n10.0.0.1\n}\npriority 5 {\n}\n}"),
    ["7:12: error: `priority` takes no block"],
  ],
  [
    "inner block not closed before a keyword of the outer one",
    instance("authentication {\nauth_type PASS\nauth_pass x\nvirtual_ipaddress {\n10.0.0.1\n}\n}"),
    ["4:1: error: `authentication` is not closed: expected `}` before `virtual_ipaddress` in line 7"],
  ],
  [
    "a list not closed",
    instance("virtual_ipaddress {\n10.0.0.1\npriority 5\n}"),
    ["4:1: error: `virtual_ipaddress` is not closed: expected `}` before `priority` in line 6"],
  ],
  [
    "an instance not closed before the next one",
    `${instance("virtual_ipaddress {\n10.0.0.1\n}\n")}vrrp_instance W {\ninterface e\nvirtual_router_id 2\nvirtual_ipaddress { 10.0.0.2 }\n}`,
    ["1:1: error: `vrrp_instance` is not closed: expected `}` before `vrrp_instance` in line 7"],
  ],
  [
    "an opening brace forgotten",
    instance("authentication\nauth_type PASS\nauth_pass x\n}\nvirtual_ipaddress {\n10.0.0.1\n}\n}"),
    ["4:1: error: expected `{` after `authentication`"],
  ],
];

for (const [what, text, expected] of braces) {
  test(`braces that do not match: ${what}`, () => assert.deepEqual(messages(read(text).diagnostics), expected));
}

test("a missing brace costs no line of the rest", () => {
  const { config } = read(instance("authentication {\nauth_type PASS\nvirtual_ipaddress {\n10.0.0.1\n}\npriority 7\n}"));
  const block = config.all("vrrp_instance")[0]?.block;
  assert.equal(block?.number("priority"), 7);
  assert.equal(block?.items("virtual_ipaddress").length, 1);
});
