import assert from "node:assert/strict";
import { test } from "node:test";
import { missingCapabilities } from "../../../src/agent/capabilities.ts";

const status = (capEff: string) => `Name:\tnode\nCapPrm:\tffffffffffffffff\nCapEff:\t${capEff}\nCapBnd:\tffffffffffffffff\n`;

const table: [string, string, string[]][] = [
  ["all", "000001ffffffffff", []],
  ["none", "0000000000000000", ["CAP_SETGID", "CAP_SETUID", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_NICE", "CAP_BPF"]],
  ["the pod's least: NET_ADMIN and NET_RAW", "0000000000003000", ["CAP_SETGID", "CAP_SETUID", "CAP_SYS_NICE", "CAP_BPF"]],
  ["SYS_ADMIN instead of BPF", "0000007fffffffff", []],
  ["all but NET_ADMIN", "000001ffffffefff", ["CAP_NET_ADMIN"]],
];
for (const [name, capEff, missing] of table) test(name, () => assert.deepEqual(missingCapabilities(status(capEff)), missing));
