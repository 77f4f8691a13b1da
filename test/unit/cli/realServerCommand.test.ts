import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "../../../src/cli/cli.ts";
import { realServerRole } from "../../../src/cli/realServerCommand.ts";

test("realserver: addresses, and the devices of a tunnel for their families", () => {
  assert.deepEqual(realServerRole({ address: ["192.0.2.10"], tunnel: [] }), { addresses: ["192.0.2.10"], tunnels: [] });
  const both = ["192.0.2.10", "2001:DB8::0010"];
  assert.deepEqual(realServerRole({ address: both, tunnel: ["ipip", "gre"] }), {
    addresses: ["192.0.2.10", "2001:db8::10"],
    tunnels: ["tunl0", "ip6tnl0", "gre0", "ip6gre0"],
  });
  assert.deepEqual(realServerRole({ address: ["2001:db8::10"], tunnel: ["sit0", "sit0"] }).tunnels, ["sit0"]);
});

test("realserver: what cannot be meant is said", async () => {
  for (const [args, message] of [
    [[], "expected --address ADDRESS"],
    [["--address", "192.0.2.10/24"], "--address 192.0.2.10/24: is not an address"],
    [["--address", "192.0.2.10", "--tunnel", "vxlan"], "--tunnel vxlan: must be ipip, gue, gre or one of tunl0"],
  ] as const) {
    const errors: string[] = [];
    const status = await runCli(["realserver", ...args], { out: () => assert.fail(), error: (text) => errors.push(text) });
    assert.equal(status, 2);
    assert.ok(errors.join().includes(message), errors.join());
  }
});

test("realserver --check looks, says what is missing, and changes nothing", async () => {
  const printed: string[] = [];
  // An address that is kept for documents: no machine has it.
  const args = ["realserver", "--address", "192.0.2.77", "--check", "-o", "json"];
  const status = await runCli(args, { out: (text) => printed.push(text), error: assert.fail });
  const found = JSON.parse(printed.join()) as { what: string }[];
  assert.equal(status, 1);
  assert.ok(found.some(({ what }) => what === "192.0.2.77 is not on the loopback interface of a real server."));
});

test("doctor looks at the node it runs on, and its exit status tells of trouble", async () => {
  const printed: string[] = [];
  const status = await runCli(["doctor", "-o", "json"], { out: (text) => printed.push(text), error: assert.fail });
  const trouble = (JSON.parse(printed.join()) as { severity: string }[]).some(({ severity }) => severity !== "Note");
  assert.equal(status, trouble ? 1 : 0);
});
