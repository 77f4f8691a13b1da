import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadAddon } from "../../../src/agent/native/addon.ts";

const addon = loadAddon();

test("the addon has exactly the exports of its contract, and the version of the package", () => {
  assert.deepEqual(Object.keys(addon).sort(), [
    "forecast",
    "natGeneration",
    "readNat",
    "releaseProgramPages",
    "removeNat",
    "replaceNat",
    "start",
    "startDialer",
    "startIpvs",
    "version",
  ]);
  const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  assert.equal(addon.version, version);
});

const plain = { realTime: false, gate: false };
const held = { interface: "eth0", address: "192.0.2.10/24" };
const refused: [name: string, options: unknown, path: string][] = [
  ["no options", undefined, ""],
  ["null", null, ""],
  ["no realTime", { heldAddresses: [], gate: false }, "realTime"],
  ["realTime as a text", { heldAddresses: [], realTime: "yes", gate: false }, "realTime"],
  ["no gate", { heldAddresses: [], realTime: false }, "gate"],
  ["no heldAddresses", { ...plain }, "heldAddresses"],
  ["heldAddresses as an object", { ...plain, heldAddresses: {} }, "heldAddresses"],
  ["an entry that is no object", { ...plain, heldAddresses: [held, 7] }, "heldAddresses[1]"],
  ["an entry without interface", { ...plain, heldAddresses: [{ address: held.address }] }, "heldAddresses[0].interface"],
  ["a bad interface", { ...plain, heldAddresses: [{ ...held, interface: "a/b" }] }, "heldAddresses[0].interface"],
  ["an address without length", { ...plain, heldAddresses: [{ ...held, address: "192.0.2.10" }] }, "heldAddresses[0].address"],
];

for (const [name, options, path] of refused) {
  test(`start refuses ${name} and names the field`, () => {
    const result = addon.start(options as never, () => {});
    assert.equal(result.ok, false);
    if (result.ok) return;
    assert.equal(result.error.path, path);
    assert.equal(result.error.operation, "start");
    assert.ok(result.error.message.length > 0);
  });
}

test("start refuses a listener that is no function", () => {
  const result = addon.start({ ...plain, heldAddresses: [] }, undefined as never);
  assert.equal(!result.ok && result.error.path, "onEvents");
});

test("a getter that throws is a refusal, not an exception", () => {
  const options = {
    heldAddresses: [],
    gate: false,
    get realTime(): boolean {
      throw new Error("no such luck");
    },
  };
  const result = addon.start(options, () => {});
  assert.equal(!result.ok && result.error.path, "realTime");
  assert.match((!result.ok && result.error.message) || "", /no such luck/);
});

const web = { family: "IPv4", protocol: "TCP", address: "192.0.2.10", port: 80 };
const refusedByIpvs: [name: string, options: unknown, path: string][] = [
  ["no options", undefined, ""],
  ["no owned", {}, "owned"],
  ["owned as an object", { owned: {} }, "owned"],
  ["an entry that is no object", { owned: [web, 7] }, "owned[1]"],
  ["an entry without address", { owned: [{ ...web, address: undefined }] }, "owned[0].address"],
  ["a bad port", { owned: [{ ...web, port: "80" }] }, "owned[0].port"],
  ["a firewall mark with an address", { owned: [{ ...web, firewallMark: 7 }] }, "owned[0].firewallMark"],
];

for (const [name, options, path] of refusedByIpvs) {
  test(`startIpvs refuses ${name} and names the field`, () => {
    const result = addon.startIpvs(options as never, () => {});
    assert.equal(result.ok, false);
    if (result.ok) return;
    assert.equal(result.error.path, path);
    assert.equal(result.error.operation, "startIpvs");
  });
}

test("startIpvs refuses a listener that is no function", () => {
  const result = addon.startIpvs({ owned: [] }, undefined as never);
  assert.equal(!result.ok && result.error.path, "onEvents");
});
