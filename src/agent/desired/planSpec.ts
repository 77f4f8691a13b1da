/** The plan of a specification, with what only the node itself can tell: which programs it would start. */
import type { NodeCheck } from "../../api/nodeAgent.ts";
import type { LocalPrograms } from "../programs/localPrograms.ts";
import { type Plan, type PlanOptions, planDesired, type RawSpec } from "./desired.ts";
import { routerKey } from "./desiredRouter.ts";
import type { EntryProblem } from "./specEntries.ts";

export interface PlanFacts extends Omit<PlanOptions, "checkProblem"> {
  programs: Pick<LocalPrograms, "problem">;
  /** Whether podReady can be answered. */
  seesPods: boolean;
  /** Whether tracked files are made where the configuration says so. */
  makesFiles: boolean;
}

export async function planSpec(spec: RawSpec, facts: PlanFacts): Promise<Plan> {
  const problems = await checkProblems(spec.checks, facts);
  const plan = planDesired(spec, { ...facts, checkProblem: ({ name }) => problems.get(name) });
  plan.adjusted.push(...fileProblems(plan, facts), ...(await notifyProblems(plan, facts)));
  return plan;
}

/** Checks that cannot run on this node, by name, each with one sentence. The list is taken as it came. */
async function checkProblems(checks: unknown, facts: PlanFacts): Promise<Map<string, string>> {
  const problems = new Map<string, string>();
  for (const check of Array.isArray(checks) ? (checks as (Partial<NodeCheck> | null)[]) : []) {
    const problem = await checkProblem(check ?? {}, facts);
    if (problem !== undefined && typeof check?.name === "string") problems.set(check.name, problem);
  }
  return problems;
}

async function checkProblem({ exec, podReady }: Partial<NodeCheck>, { programs, seesPods }: PlanFacts): Promise<string | undefined> {
  if (podReady && !seesPods) return "podReady: an agent without Kubernetes sees no pods";
  if (!Array.isArray(exec?.command)) return undefined;
  const problem = await programs.problem(exec);
  return problem && `exec: ${problem}`;
}

/** Files that the accepted checks ask for and that are not made. */
function fileProblems({ accepted }: Plan, { makesFiles }: PlanFacts): EntryProblem[] {
  return (accepted.checks ?? []).flatMap(({ name, file }, index) => {
    if (makesFiles || !file?.create) return [];
    const message = "file.create is for standalone agents: an object of a cluster makes no file on the node";
    return [{ path: `checks[${index}]`, subject: `check ${name}`, message }];
  });
}

/** Programs of the accepted entries that would not be started. */
async function notifyProblems({ accepted, paths }: Plan, { programs }: PlanFacts): Promise<EntryProblem[]> {
  const routers = accepted.virtualRouters.map(({ virtualIP, family, notify }) => {
    const key = routerKey(virtualIP, family);
    return { path: paths.get(key) ?? "virtualRouters", subject: key, router: { virtualIP, family }, notify };
  });
  const groups = (accepted.groups ?? []).map(({ name, notify }, index) => ({ path: `groups[${index}]`, subject: `group ${name}`, notify }));
  const problems: EntryProblem[] = [];
  for (const { notify, path, ...owner } of [...routers, ...groups]) {
    for (const [index, program] of (notify?.programs ?? []).entries()) {
      const problem = await programs.problem(program);
      if (problem === undefined) continue;
      problems.push({ ...owner, path: `${path}.notify.programs[${index}]`, message: `notify: the program is skipped: ${problem}` });
    }
  }
  return problems;
}
