/** The kernel's table as Aloft makes it beside the one that keepalived makes of the same virtual servers. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import { Director, ipvsadmKey, savedTable } from "./director.ts";
import { changesDuring, type Requests } from "./requests.ts";
import { tableCases } from "./tableCases.ts";

type SavedTable = Map<string, string[]>;

const services = tableCases.flatMap((sample) => sample.services);
const lines = (table: SavedTable) => [...table.values()].flat().length;

describe("beside keepalived", () => {
  let lan: Lan;
  let ours: SavedTable;
  let theirs: SavedTable;

  let again: Requests;

  before(async () => {
    lan = await Lan.create({ nodes: 2 });
    const director = await Director.start(lan, "n1");
    const [programmed] = await Promise.all([director.serve(...services), programKeepalived(lan, "n2")]);
    ours = await savedTable(lan, "n1");
    theirs = await savedTable(lan, "n2");
    assert.ok(programmed, JSON.stringify(director.of("operationFailed").slice(0, 5), undefined, 1));
    again = await changesDuring(lan, "n1", () => startAgain(lan, director));
  });
  after(() => lan?.destroy());

  for (const { title, services } of tableCases) {
    test(`one table of two makes: ${title}`, () => {
      for (const key of services.map((service) => ipvsadmKey(service.key))) {
        assert.ok(theirs.has(key), `keepalived has no ${key}`);
        assert.deepEqual(ours.get(key), theirs.get(key), key);
      }
    });
  }

  test("a second start finds everything as it should be, whatever the kernel made of it", () => assert.deepEqual(again, {}));

  test("neither has more than that", () => {
    assert.deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort());
    assert.equal(ours.size, services.length);
  });
});

/** The process is killed, and the next one is given the same. */
async function startAgain(lan: Lan, director: Director): Promise<void> {
  await director.kill();
  const owned = services.map(({ key }) => key);
  const next = await Director.start(lan, "n1", owned);
  assert.ok(await next.serve(...services));
  await next.kill();
}

/** Its checker process alone; returns when nothing is missing, or nothing more comes. */
async function programKeepalived(lan: Lan, node: string): Promise<void> {
  const file = join(lan.directory, "keepalived.conf");
  writeFileSync(file, `${tableCases.flatMap(({ conf }) => conf).join("\n")}\n`);
  const pids = ["pid", "checkers_pid"].map((name) => `--${name}=${join(lan.directory, `keepalived.${name}`)}`);
  const program = ["keepalived", "--dont-fork", "--check", "--log-console", `--use-file=${file}`, ...pids];
  const keepalived = lan.spawn(node, "keepalived", program);
  const wanted = services.length + services.flatMap(({ destinations }) => destinations).length;
  await until("keepalived's table", async () => lines(await savedTable(lan, node)) >= wanted, {
    timeoutMs: 30_000,
    everyMs: 200,
    hint: () => `its log is:\n${keepalived.logTail(20)}`,
  });
}
