import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KeepalivedLoader, loadKeepalived, type ReloadedKeepalived } from "../../../src/keepalived/loadKeepalived.ts";
import { memoryReader } from "../../../src/keepalived/reader.ts";
import { anyText, mutatedSample } from "./arbitraries.ts";

const options = { node: "node1" };
const readerOf = (text: string, more = block(200, ["weight 3"])) => memoryReader({ k: text, "more.conf": more });

/** All that can be seen of a reading. */
function seen({ spec, virtualServers, tlsFiles, secrets, agent, unsupported, diagnostics, hasErrors, files }: ReloadedKeepalived) {
  const servers = virtualServers.map(({ statement, group, ...server }) => ({ ...server, position: statement.position }));
  return { spec, servers, tlsFiles, secrets, agent, unsupported, diagnostics, hasErrors, files };
}

function assertSameAsFirst(texts: readonly string[]): void {
  const loader = new KeepalivedLoader("k", options);
  for (const text of texts) assert.deepEqual(seen(loader.load(readerOf(text))), seen(loadKeepalived("k", readerOf(text), options)));
}

function block(port: number, lines: readonly string[], address = "10.1.0.1"): string {
  const server = lines.map((line) => `    ${line}\n`).join("");
  return `virtual_server ${address} ${port} {\n  lb_algo rr\n  lb_kind DR\n  protocol TCP\n  real_server 10.2.0.1 ${port} {\n${server}  }\n}\n`;
}

function router(name: string): string {
  return `vrrp_instance ${name} {\n  interface eth0\n  virtual_router_id 5\n  virtual_ipaddress {\n    10.1.0.1\n  }\n}\n`;
}

const line = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom("weight 1", "weight 2", "TCP_CHECK { }", "", "inhibit_on_failure", "# a note", 'notify_up "/bin/up {"'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "weight x",
      "wieght 1",
      "}",
      "{",
      "uthreshold 1 2",
      "@node1 weight 4",
      "$W=5",
      "weight $W",
      "BFD_CHECK {\n name x\n }",
      "BFD_CHECK {\n name y\n }",
      "FILE_CHECK {\n track_file f\n }",
      "SSL_GET {\n url {\n path /\n }\n }",
      "weight\u00a01",
      "notify_up '/bin/up {'",
      "include more.conf",
      "~SEQ(I, 2) weight $I",
      "# {",
    ),
  },
);
const outside = fc.constantFrom(
  "",
  "",
  "# a note",
  "global_defs {\n  script_user nobody\n}",
  "$W=7",
  "$V=a \\",
  "virtual_server_group g {\n  10.3.0.1 80\n}",
  "virtual_server group g {\n  real_server 10.2.0.1 80 {\n  }\n}",
  "SSL {\n  certificate /c\n}",
  "track_file f {\n  file /f\n}",
  "bfd_instance x {\n  neighbor_ip 10.9.0.1\n}",
  router("a"),
  "include more.conf",
  "}",
  "vrrp_sync_group s {",
  "@other $W=8",
  "{% x %}",
);
const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.integer({ min: 80, max: 84 }), fc.array(line, { maxLength: 3 })).map(([port, lines]) => block(port, lines)),
  },
  { weight: 1, arbitrary: outside.map((text) => `${text}\n`) },
);
const edit = fc.record({ at: fc.nat(20), remove: fc.nat(2), add: fc.array(piece, { maxLength: 2 }) });

/** A file, and what it becomes edit by edit. */
const edited = fc.tuple(fc.array(piece, { maxLength: 8 }), fc.array(edit, { minLength: 1, maxLength: 4 })).map(([pieces, edits]) => {
  const versions = [pieces];
  for (const { at, remove, add } of edits) versions.push((versions.at(-1) ?? []).toSpliced(at % 8, remove, ...add));
  return versions.map((version) => version.join(""));
});

test("a file that is read again gives what a first reading gives, whatever was edited", () => {
  fc.assert(fc.property(edited, assertSameAsFirst), { numRuns: 300 });
});

test("so does any text after any other, and a sample after itself with mistakes", () => {
  fc.assert(fc.property(fc.array(anyText, { maxLength: 3 }), assertSameAsFirst), { numRuns: 100 });
  fc.assert(fc.property(fc.array(mutatedSample, { maxLength: 3 }), assertSameAsFirst), { numRuns: 100 });
});

const bfd = "bfd_instance x {\n  neighbor_ip 10.9.0.1\n}\n";
const withBfd = (text: string): [string, string] => [`include more.conf\n${text}`, bfd];
const checked = ["BFD_CHECK {", "name x", "}"];
const including = `${block(80, []).replace("protocol TCP", "include more.conf")}`;
/** What a block's lines mean by way of something else. */
const dependent: [what: string, ...versions: [text: string, more?: string][]][] = [
  ["what is said once in a file", withBfd(block(80, checked) + block(81, checked)), withBfd(block(81, checked))],
  ["a file that a block includes", [including, "protocol TCP"], [including, "protocol SCTP"]],
  ["a parameter that another block defines", ...[5, 6].map((w): [string] => [block(80, [`$W=${w}`]) + block(81, ["weight $W"])])],
  ["a parameter outside", ...[5, 6].map((w): [string] => [`$W=${w}\n${block(81, ["weight $W"])}`])],
  ["the instance that has the address", [block(80, [])], [`${router("a")}${block(80, [])}`], [`${router("b")}${block(80, [])}`]],
  ["the number behind a name", [block(80, [], "2001:db8::1")], [block(80, [], "2001:db8::1") + block(80, [], "2001:db8:0::1")]],
  ["a condition", [block(80, ["@node1 weight 2", "@other weight 3"])], [block(81, []) + block(80, ["@node1 weight 2"])]],
];

for (const [what, ...versions] of dependent)
  test(`a block is read again with ${what}`, () => {
    const loader = new KeepalivedLoader("k", options);
    for (const [text, more] of versions)
      assert.deepEqual(seen(loader.load(readerOf(text, more))), seen(loadKeepalived("k", readerOf(text, more), options)));
  });

const specs = (loader: KeepalivedLoader, text: string) => loader.load(readerOf(text)).virtualServers.map(({ spec }) => spec);
const many = (weights: readonly number[]) => weights.map((weight, index) => block(80 + index, [`weight ${weight} # {`])).join("");

test("what has not changed is the same object, also where its lines have moved", () => {
  const loader = new KeepalivedLoader("k", options);
  const [first, second, third] = specs(loader, many([1, 2, 3]));
  const after = specs(loader, `\n# moved\n${many([1, 9, 3])}`);
  assert.deepEqual(
    after.map((spec) => [first, second, third].includes(spec)),
    [false, false, false],
    "something outside the blocks has changed",
  );
  const again = specs(loader, `\n# moved\n${block(70, ["weight 1", "inhibit_on_failure"])}${many([1, 2, 3])}`);
  assert.deepEqual(
    again.map((spec) => after.includes(spec)),
    [false, true, false, true],
  );
});

test("what there is something to say about is read again, and a name that two share goes to the first", () => {
  const loader = new KeepalivedLoader("k", options);
  const warned = block(80, ["weight 1", "weight 2"]);
  const before = loader.load(readerOf(warned + many([1]).replace("10.1.0.1", "10.1.0.2")));
  const after = loader.load(readerOf(many([1]).replace("10.1.0.1", "10.1.0.2") + warned));
  assert.equal(before.diagnostics.length, 1);
  assert.equal(after.diagnostics[0]?.position.line, (before.diagnostics[0]?.position.line ?? 0) + 8);
  assert.equal(after.virtualServers[0]?.spec, before.virtualServers[1]?.spec);
  assert.notEqual(after.virtualServers[1]?.spec, before.virtualServers[0]?.spec);
});
