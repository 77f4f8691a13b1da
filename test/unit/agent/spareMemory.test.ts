import assert from "node:assert/strict";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { test } from "node:test";
import { spareMemory } from "../../../src/agent/spareMemory.ts";

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("memory is given back once for all reloads of a crowd, and again for the next crowd", async (context) => {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    const kinds = list.getEntries().map((entry) => (entry as unknown as { detail: { kind: number } }).detail.kind);
    collections += kinds.filter((kind) => kind === constants.NODE_PERFORMANCE_GC_MAJOR).length;
  });
  observer.observe({ entryTypes: ["gc"] });
  context.after(() => observer.disconnect());
  context.mock.timers.enable({ apis: ["setTimeout"] });
  for (const crowd of [1, 30]) {
    collections = 0;
    for (let reloads = 0; reloads < crowd; reloads += 1) spareMemory();
    context.mock.timers.tick(2000);
    await nextTurn();
    await nextTurn();
    // The last resort collects as often as it still finds something: twice here.
    assert.ok(collections > 0 && collections < 30, `${collections} collections for a crowd of ${crowd}`);
  }
});
