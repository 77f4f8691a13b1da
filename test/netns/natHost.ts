/** Writes the table that comes on standard input, or removes it for null, and prints what came of it. */
import { text } from "node:stream/consumers";
import { loadAddon } from "../../src/agent/native/addon.ts";
import type { NatRules } from "../../src/agent/native/nat.ts";

const addon = loadAddon();
const rules = JSON.parse(await text(process.stdin)) as NatRules | null;
console.log(JSON.stringify(await (rules ? addon.replaceNat(rules) : addon.removeNat())));
