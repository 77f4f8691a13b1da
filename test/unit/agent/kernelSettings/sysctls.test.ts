import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { describeSetting, moduleOf, type SettingFiles } from "../../../../src/agent/kernelSettings/settingFiles.ts";
import { OwnedSysctls, planSettings } from "../../../../src/agent/kernelSettings/sysctls.ts";
import { temporaryDirectory } from "../stateFiles.ts";

type Values = Record<string, string>;

const settings = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom<string>("0", "1", "2"), { noNullPrototype: true });

/** What is there after the steps, and what is written down. */
function carryOut(recorded: Values, current: Values, { record, write, forget }: ReturnType<typeof planSettings>) {
  const after = { ...current, ...write };
  const kept = Object.fromEntries(Object.entries({ ...recorded, ...record }).filter(([path]) => !forget.includes(path)));
  return { recorded: kept, current: after };
}

test("settings: after the steps all that is there and wanted is as wanted, and there is nothing more to do", () => {
  fc.assert(
    fc.property(settings, settings, settings, (wanted, recorded, current) => {
      const steps = planSettings(wanted, recorded, current);
      const after = carryOut(recorded, current, steps);
      for (const [path, value] of Object.entries(wanted)) assert.equal(after.current[path] ?? value, value);
      assert.deepEqual(Object.keys(after.current).sort(), Object.keys(current).sort(), "no setting is made up");
      const { missing, ...again } = planSettings(wanted, after.recorded, after.current);
      assert.deepEqual(again, { record: {}, write: {}, forget: [] });
      assert.deepEqual(missing, steps.missing);
    }),
  );
});

test("settings: nothing is changed before what it was is written down, and each is as it was when it is wanted no more", () => {
  fc.assert(
    fc.property(settings, fc.array(settings, { minLength: 1, maxLength: 4 }), (original, wishes) => {
      let state = { recorded: {} as Values, current: original };
      for (const wanted of [...wishes, {}]) {
        const steps = planSettings(wanted, state.recorded, state.current);
        for (const path of Object.keys(steps.write)) {
          assert.equal({ ...state.recorded, ...steps.record }[path], original[path], `${path} was written down`);
        }
        state = carryOut(state.recorded, state.current, steps);
        for (const path of Object.keys(original)) if (wanted[path] === undefined) assert.equal(state.current[path], original[path]);
      }
      assert.deepEqual(state, { recorded: {}, current: original });
    }),
  );
});

test("settings: one that has gone while it was ours is forgotten, not made anew", () => {
  assert.deepEqual(planSettings({}, { a: "0" }, {}), { record: {}, write: {}, forget: ["a"], missing: [] });
});

/** The kernel of a test: values by path, and paths that refuse to be written. */
class FakeKernel implements SettingFiles {
  values: Values;
  boot = "first";
  readonly refused = new Set<string>();
  readonly writes: string[] = [];
  reads = 0;

  constructor(values: Values) {
    this.values = { ...values };
  }

  read(path: string): string | undefined {
    this.reads += 1;
    const value = this.values[path];
    return value === undefined ? undefined : `${value.replaceAll(" ", "\t")}\n`;
  }

  write(path: string, value: string): void {
    if (this.refused.has(path)) throw new Error("EROFS: read-only file system");
    this.writes.push(`${path}=${value}`);
    this.values[path] = value;
  }
}

const ignore = "net/ipv4/conf/all/arp_ignore";
const sloppy = "net/ipv4/vs/sloppy_tcp";
const threshold = "net/ipv4/vs/sync_threshold";

async function owner(context: TestContext, kernel: FakeKernel, directory = temporaryDirectory(context)) {
  const owned = new OwnedSysctls(directory, kernel, () => new Date(0));
  const found = await owned.open();
  const journal = () => JSON.parse(readFileSync(join(directory, "sysctls.json"), "utf8")).content.before;
  return { owned, found, directory, journal };
}

test("an owned setting is set, set again, and what it was afterwards", async (context) => {
  const kernel = new FakeKernel({ [ignore]: "0", [threshold]: "3 50" });
  const { owned, journal } = await owner(context, kernel);
  await owned.configure({ [ignore]: "1", [threshold]: "0 1" });
  assert.deepEqual(kernel.values, { [ignore]: "1", [threshold]: "0 1" });
  assert.deepEqual(journal(), { [ignore]: "0", [threshold]: "3 50" });
  kernel.values[ignore] = "2";
  await owned.check();
  assert.equal(kernel.values[ignore], "1");
  assert.deepEqual(
    owned.changes.map(({ path, found, wanted, times }) => [path, found, wanted, times]),
    [[ignore, "2", "1", 1]],
  );
  await owned.configure({ [threshold]: "0 1" });
  assert.deepEqual([kernel.values[ignore], journal()], ["0", { [threshold]: "3 50" }]);
  await owned.restore();
  assert.deepEqual([kernel.values, journal()], [{ [ignore]: "0", [threshold]: "3 50" }, {}]);
});

test("a look at settings that are as they should be writes nothing, and without any it reads nothing", async (context) => {
  const kernel = new FakeKernel({ [ignore]: "1" });
  const { owned } = await owner(context, kernel);
  await owned.check();
  assert.equal(kernel.reads, 0);
  await owned.configure({ [ignore]: "1" });
  await owned.check();
  assert.deepEqual(kernel.writes, []);
  assert.deepEqual(owned.changes, []);
});

test("after a SIGKILL the next agent puts back what is no longer wanted, and nothing before it knows that", async (context) => {
  const kernel = new FakeKernel({ [ignore]: "0", [sloppy]: "0" });
  const first = await owner(context, kernel);
  await first.owned.configure({ [ignore]: "1", [sloppy]: "1" });
  const { owned, found, journal } = await owner(context, kernel, first.directory);
  assert.equal(found.kind, "read");
  assert.deepEqual(kernel.values, { [ignore]: "1", [sloppy]: "1" });
  await owned.configure({ [sloppy]: "1" });
  assert.deepEqual([kernel.values, journal()], [{ [ignore]: "0", [sloppy]: "1" }, { [sloppy]: "0" }]);
});

test("after a reboot the kernel has its own values again, and what was written down before says nothing", async (context) => {
  const kernel = new FakeKernel({ [ignore]: "0" });
  const { owned, directory } = await owner(context, kernel);
  await owned.configure({ [ignore]: "1" });
  kernel.boot = "second";
  kernel.values[ignore] = "2";
  const next = await owner(context, kernel, directory);
  await next.owned.configure({});
  assert.equal(kernel.values[ignore], "2");
  await next.owned.configure({ [ignore]: "1" });
  await next.owned.restore();
  assert.equal(kernel.values[ignore], "2");
});

test("a setting whose module comes later is set then, and is told until then", async (context) => {
  const kernel = new FakeKernel({});
  const { owned } = await owner(context, kernel);
  await owned.configure({ [sloppy]: "1", "link/tunl0": "up" });
  assert.deepEqual(owned.problems, [
    'net.ipv4.vs.sloppy_tcp is not there: load its module ("modprobe ip_vs").',
    'link tunl0 is not there: load its module ("modprobe ipip").',
  ]);
  kernel.values = { [sloppy]: "0", "link/tunl0": "down" };
  await owned.check();
  assert.deepEqual([kernel.values, owned.problems], [{ [sloppy]: "1", "link/tunl0": "up" }, []]);
  // The module was loaded anew: nobody has changed anything.
  kernel.values = {};
  await owned.check();
  kernel.values = { [sloppy]: "0", "link/tunl0": "down" };
  await owned.check();
  assert.deepEqual(owned.changes, []);
});

test("what cannot be written is told and tried again; what cannot be recorded is not changed", async (context) => {
  const kernel = new FakeKernel({ [ignore]: "0", [sloppy]: "0" });
  const { owned, directory } = await owner(context, kernel);
  kernel.refused.add(sloppy);
  await owned.configure({ [sloppy]: "1" });
  assert.deepEqual(owned.problems, ["net.ipv4.vs.sloppy_tcp cannot be set to 1: EROFS: read-only file system."]);
  kernel.refused.clear();
  await owned.check();
  assert.deepEqual([kernel.values[sloppy], owned.problems], ["1", []]);
  // A directory in the place of the file: the rename fails, as for root nothing else does.
  rmSync(join(directory, "sysctls.json"));
  mkdirSync(join(directory, "sysctls.json", "in the way"), { recursive: true });
  await owned.configure({ [sloppy]: "1", [ignore]: "1" });
  assert.equal(kernel.values[ignore], "0");
  assert.match(owned.problems.join(), /journal of settings cannot be written/);
  rmSync(join(directory, "sysctls.json"), { recursive: true });
  await owned.check();
  assert.deepEqual([kernel.values[ignore], owned.problems], ["1", []]);
});

test("settings have the names of sysctl(8), and those that modules bring name them", () => {
  assert.equal(describeSetting("net/ipv4/conf/eth0.100/rp_filter"), "net.ipv4.conf.eth0/100.rp_filter");
  assert.deepEqual(["net/ipv4/vs/conntrack", "link/ip6gre0", "net/ipv4/conf/tunl0/rp_filter", ignore].map(moduleOf), [
    "ip_vs",
    "ip6_gre",
    "ipip",
    undefined,
  ]);
});
