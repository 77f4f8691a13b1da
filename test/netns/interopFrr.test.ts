/**
 * Aloft and FRR's vrrpd as peers on one LAN, in both roles. vrrpd has version 3 and multicast, and always the virtual router's own MAC
 * address; over IPv4 Aloft has it here, too, so that it stays when the leader changes.
 */
import { after, before, describe, test } from "node:test";
import { frrInstalled } from "../support/frr.ts";
import { Pair, type Setting } from "./interopPair.ts";

const matrix: Record<string, Setting> = {
  "version 3 over IPv4, virtual MAC": { version: 3, family: "IPv4", intervalMs: 100, form: "yaml", virtualMAC: true },
  "version 3 over IPv6": { version: 3, family: "IPv6", intervalMs: 100, form: "yaml" },
};

describe("FRR as a peer", { skip: frrInstalled ? false : "FRR is not installed", concurrency: 4 }, () => {
  for (const [title, setting] of Object.entries(matrix))
    for (const makes of [["aloft", "frr"] as const, ["frr", "aloft"] as const]) describePair(title, setting, makes);
});

function describePair(title: string, setting: Setting, [leader, follower]: readonly ["aloft" | "frr", "aloft" | "frr"]): void {
  describe(`${title}: ${leader} leads, ${follower} stands by`, { concurrency: 1 }, () => {
    let pair: Pair;

    before(async () => {
      pair = await Pair.create(setting, [leader, follower]);
      await pair.start("n2");
      await pair.leads("n2");
    });
    after(() => pair?.lan.destroy());

    test("the higher priority takes over from the living lower one and leads alone", async () => {
      await pair.start("n1");
      await pair.leads("n1");
      await pair.leadsAlone("n1");
    });

    test("one that ends is followed after the skew", async () => {
      await pair.expectTakeover(async () => pair.router("n1").terminate(), pair.skew("n2"));
      await pair.router("n1").stop();
      await pair.leads("n2");
    });

    test("one that is killed is followed after the down interval, and leads again when it is back", async () => {
      await pair.start("n1");
      await pair.leads("n1");
      await pair.expectTakeover(() => pair.router("n1").kill(), pair.activeDown("n2"));
      await pair.start("n1");
      await pair.leads("n1");
      await pair.leadsAlone("n1");
    });
  });
}
