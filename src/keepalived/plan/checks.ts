/** vrrp_script, track_file and vrrp_track_process → checks. Only those that something tracks: keepalived runs no others. */
import { formatDuration } from "../../api/duration.ts";
import type { NodeCheck } from "../../api/nodeAgent.ts";
import type { CheckedBlock, CheckedStatement } from "../checkedBlock.ts";
import { UniqueNames } from "./names.ts";

export type CheckSource = "script" | "file" | "process";

/** The blocks that define a check, and the weight of one that says nothing. */
const sources: Record<CheckSource, { keyword: string; weight: number; plan(block: CheckedBlock): CheckPlan }> = {
  script: { keyword: "vrrp_script", weight: 0, plan: planScript },
  file: { keyword: "track_file", weight: 1, plan: planFile },
  process: { keyword: "vrrp_track_process", weight: 0, plan: planProcess },
};

/** What the kinds share: the timing that keepalived's defaults are the schema's defaults of. */
type CheckPlan = Partial<NodeCheck> & Pick<NodeCheck, "interval" | "rise" | "fall" | "initial">;
const timing = { interval: "1s", rise: 1, fall: 1, initial: "Up" } as const;

export interface DefinedCheck {
  source: CheckSource;
  statement: CheckedStatement;
  weight: number;
  reverse: boolean;
}

export class Checks {
  readonly #defined = new Map<string, DefinedCheck>();
  readonly #planned = new Map<DefinedCheck, NodeCheck>();
  readonly #names = new UniqueNames();

  constructor(config: CheckedBlock) {
    for (const [source, { keyword, weight }] of Object.entries(sources) as [CheckSource, (typeof sources)[CheckSource]][]) {
      for (const statement of config.all(keyword)) {
        const written = statement.block?.last("weight");
        const check = { source, statement, weight: written?.number() ?? weight, reverse: written?.has("reverse") ?? false };
        this.#defined.set(`${source} ${statement.text("name")}`, check);
      }
    }
  }

  find(source: CheckSource, name: string): DefinedCheck | undefined {
    return this.#defined.get(`${source} ${name}`);
  }

  /** Its name among the checks of the node; a script and a file may be called the same in keepalived. */
  use(check: DefinedCheck): string {
    const planned = this.#planned.get(check);
    if (planned) return planned.name;
    const name = this.#names.take(check.statement.text("name") ?? "", 253);
    const block = check.statement.block;
    if (block) this.#planned.set(check, { name, ...sources[check.source].plan(block) });
    return name;
  }

  get planned(): NodeCheck[] {
    return [...this.#planned.values()];
  }

  /** What defines them, in the same order. */
  get plannedStatements(): CheckedStatement[] {
    return [...this.#planned.keys()].map(({ statement }) => statement);
  }
}

function planScript(block: CheckedBlock): CheckPlan {
  const timeout = block.number("timeout");
  return {
    exec: { command: [...(block.last("script")?.command() ?? [])], ...runAs(block.last("user")) },
    interval: formatDuration((block.number("interval") ?? 1) * 1000),
    ...(timeout !== undefined && { timeout: formatDuration(timeout * 1000) }),
    rise: Math.min(block.number("rise") ?? 1, mostRuns),
    fall: Math.min(block.number("fall") ?? 1, mostRuns),
    initial: block.last("init_fail") ? "Down" : "Up",
  };
}

/** More runs in a row than that change nothing within an hour. */
const mostRuns = 1000;

/** `USER` or `USER:GROUP`. */
export function runAs(statement: CheckedStatement | undefined): { user?: string } {
  const [user, group] = [statement?.text("user"), statement?.text("group")];
  return user === undefined ? {} : { user: group === undefined ? user : `${user}:${group}` };
}

function planFile(block: CheckedBlock): CheckPlan {
  const init = block.last("init_file");
  const create = init && { value: init.number() ?? 0, overwrite: init.has("overwrite") };
  return { file: { path: block.text("file") ?? "", ...(create && { create }) }, ...timing };
}

function planProcess(block: CheckedBlock): CheckPlan {
  const process = block.last("process");
  const parameters = process?.values("parameters").map(String) ?? [];
  const match = block.last("param_match");
  // The keyword alone, without parameters: it must have none.
  const compares = parameters.length > 0 || (match !== undefined && match.text() === undefined);
  const [rise, fall] = ["fork_delay", "terminate_delay"].map((keyword) => lastOf(block, [keyword, "delay"]));
  return {
    process: {
      name: process?.text("process") ?? "",
      ...(compares && { arguments: parameters }),
      argumentsMatch: argumentsMatch(match?.text()),
      ...quorum(block),
    },
    ...timing,
    ...(rise !== undefined && { riseDelay: formatDuration(rise * 1000) }),
    ...(fall !== undefined && { fallDelay: formatDuration(fall * 1000) }),
  };
}

/** The later of several keywords that set the same thing. */
function lastOf(block: CheckedBlock, keywords: readonly string[]): number | undefined {
  return block.statements.findLast(({ keyword }) => keywords.includes(keyword))?.number();
}

type ArgumentsMatch = NonNullable<NodeCheck["process"]>["argumentsMatch"];

function argumentsMatch(written: string | undefined): ArgumentsMatch {
  return written === "initial" ? "Initial" : written === "partial" ? "Partial" : "Exact";
}

/** quorum_max 0 means that none may run. */
function quorum(block: CheckedBlock): { minimum: number; maximum?: number } {
  const maximum = block.number("quorum_max");
  if (maximum === undefined) return { minimum: block.number("quorum") ?? 1 };
  return { minimum: maximum === 0 ? 0 : (block.number("quorum") ?? 1), maximum };
}
