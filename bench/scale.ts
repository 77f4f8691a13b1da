/**
 * What do a hundred nodes, a thousand Services and thousands of changes of endpoints a minute take of the operator and of the API server, and
 * how long does a Service wait for its address? A real API server, simulated nodes. Ends 1 when a bar is missed.
 */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { addressPools, services } from "../src/operator/controllers/resources.ts";
import { Steps } from "../test/e2e/steps.ts";
import { numbers, readFlags } from "./flags.ts";
import { quantile } from "./histogram.ts";
import { changeEndpoints } from "./scale/endpoints.ts";
import { type ProcessReading, type Rates, ratesBetween, readProcess, readRequests } from "./scale/meters.ts";
import { poolRange } from "./scale/network.ts";
import { createServices, type ServiceKind } from "./scale/services.ts";
import { fieldManager, World } from "./scale/world.ts";
import { describeMachine, measureLoad, tooBusyPercent } from "./vrrp/machine.ts";
import { type Bar, formatResult, isMet, type Measure, type ScenarioResult, toJson, toMarkdown } from "./vrrp/result.ts";

const usage = `usage: npm run bench:scale [-- --nodes N] [--services N] [--rate PER_SECOND] [--changes PER_MINUTE] [--seconds N] [--json FILE] [--markdown FILE]
  --seconds   how long endpoints change, and how long nothing happens at all
  --markdown  the section of docs/benchmarks.md`;

/** Every so many Services one has externalTrafficPolicy Local. */
const localEvery = 25;

interface Phase {
  name: string;
  title: string;
  rates: Rates;
  before: ProcessReading;
  after: ProcessReading;
  /** What else was measured. */
  times: Measure[];
}

const most = (value: number): Bar => ({ most: value, text: String(value) });

function measure(what: string, unit: Measure["unit"], value: number | undefined, bar?: Bar): Measure {
  return { what, unit, values: { keepalived: [], aloft: value === undefined ? [] : [value] }, judged: "max", ...(bar && { bar }) };
}

/** Percentiles of times in ms, the 99th with a bar. */
function times(what: string, values: readonly number[], bar?: Bar): Measure[] {
  return [
    measure(`${what}, p50`, "ms", quantile(values, 0.5)),
    measure(`${what}, p99`, "ms", quantile(values, 0.99), bar),
    measure(`${what}, greatest`, "ms", values.length > 0 ? Math.max(...values) : undefined),
  ];
}

/** The operator's memory. A Node process of nothing takes 45 MB of it. */
const mostMemoryMB = 250;
/** Of a cluster in which nothing happens; the rest are the lease and the agents' heartbeats. */
const mostQuietWrites = 5;

function resultOf({ name, title, rates, before, after, times: measured }: Phase): ScenarioResult {
  const all = rates.operator + rates.agents + rates.leases;
  const quiet = name === "quiet";
  const kinds = [...rates.byKind].sort(([, a], [, b]) => b - a).map(([kind, rate]) => `${kind} ${rate.toFixed(1)}`);
  return {
    name,
    title,
    subject: "the operator as it is installed",
    measures: [
      ...measured,
      measure("writes a second, of all", "/s", all, quiet ? most(mostQuietWrites) : undefined),
      measure("writes a second, of the operator without its lease", "/s", rates.operator, quiet ? most(0) : undefined),
      measure("writes a second, of the agents", "/s", rates.agents),
      measure("bytes that the operator reads and writes a second", "kB/s", (after.bytes - before.bytes) / rates.seconds / 1000),
      measure("processor time of the operator", "% of a core", (after.cpuMs - before.cpuMs) / rates.seconds / 10),
      measure("resident memory of the operator in the end", "MB", after.residentMB, most(mostMemoryMB)),
      measure("resident memory of the operator, greatest so far", "MB", after.peakMB, most(mostMemoryMB)),
    ],
    notes: kinds.length > 0 ? [`Writes of the operator a second: ${kinds.join(", ")}.`] : [],
  };
}

class Bench {
  readonly #world: World;
  readonly #steps: Steps;

  constructor(world: World, steps: Steps) {
    this.#world = world;
    this.#steps = steps;
  }

  /** One phase with what it took; `work` measures more. */
  async phase(name: string, title: string, work: () => Promise<Measure[]>): Promise<ScenarioResult> {
    const { client, operator } = this.#world;
    return this.#steps.step(title, async () => {
      const [requests, before, start] = [await readRequests(client), readProcess(operator.pid), performance.now()];
      const measured = await work();
      const seconds = (performance.now() - start) / 1000;
      const rates = ratesBetween(requests, await readRequests(client), seconds);
      return resultOf({ name, title, rates, before, after: readProcess(operator.pid), times: measured });
    });
  }
}

async function addressOf({ client }: World, name: string): Promise<string> {
  const { status } = await client.get(services, { name, namespace: "default" });
  return (status as { loadBalancer?: { ingress?: { ip?: string }[] } }).loadBalancer?.ingress?.[0]?.ip ?? "";
}

interface Flags {
  nodes: number;
  services: number;
  rate: number;
  changes: number;
  seconds: number;
}

async function measureAll(steps: Steps, { nodes, services: count, rate, changes, seconds }: Flags): Promise<ScenarioResult[]> {
  const world = await steps.step(`a control plane and ${nodes} nodes`, () => World.start(nodes));
  try {
    const { client } = world;
    const bench = new Bench(world, steps);
    await client.create(addressPools, { metadata: { name: "pool" }, spec: { addresses: [poolRange] } }, { fieldManager });
    const kinds = Array.from({ length: count }, (_, index): ServiceKind => ({ name: `s${index}`, isLocal: index % localEvery === 0 }));
    const creation = await bench.phase("services", `${count} Services, ${rate} a second`, async () =>
      times("from the request for a Service to its address", await createServices(client, kinds, rate, nodes), most(500)),
    );
    const endpoints = await bench.phase("endpoints", `${changes} changes of EndpointSlices a minute, ${seconds} s`, async () => {
      const wanderer = { name: "s0", address: await addressOf(world, "s0") };
      const { told } = await changeEndpoints(client, { kinds, wanderer, nodes, perMinute: changes, seconds });
      return times("from a change of endpoints to the node that shall answer", told);
    });
    await sleep(5000);
    const quiet = await bench.phase("quiet", `nothing happens, ${seconds} s`, async () => {
      await sleep(seconds * 1000);
      return [];
    });
    return [creation, endpoints, quiet];
  } catch (error) {
    steps.lines(world.operator.logTail(5).split("\n"));
    throw error;
  } finally {
    await world.stop();
  }
}

async function bench(): Promise<void> {
  const values = readFlags(usage, { nodes: "100", services: "1000", rate: "10", changes: "2000", seconds: "30", json: "", markdown: "" });
  const number = (name: keyof Flags) => numbers(values[name], name, usage)[0] ?? 0;
  const names = ["nodes", "services", "rate", "changes", "seconds"] as const;
  const flags = Object.fromEntries(names.map((name) => [name, number(name)])) as unknown as Flags;
  const steps = new Steps();
  const load = await measureLoad();
  const results = await measureAll(steps, flags);
  for (const result of results) steps.lines([...formatResult(result), ""]);
  const setting = `${flags.nodes} nodes, ${flags.services} Services.`;
  const busy = load.othersPercent > tooBusyPercent ? " - too busy: these figures are void" : "";
  const machine = `${describeMachine()}; others took ${load.othersPercent.toFixed(0)} % of a core before${busy}.`;
  steps.lines([setting, machine, ""]);
  const text = [`${setting} ${machine} ${new Date().toISOString().slice(0, 10)}.`, "", ...results.map(toMarkdown)].join("\n");
  if (values.markdown) writeFileSync(values.markdown, text);
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ flags, load, results: toJson(results) }, null, 2)}\n`);
  if (!results.every(isMet)) process.exitCode = 1;
}

await bench();
