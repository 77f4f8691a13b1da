/** The entries of a NodeAgent.spec, each looked at by itself: it is read, or becomes a problem. */
import type { z } from "zod";
import { familyField, priorityField } from "../../api/fields.ts";
import type { Family } from "../../api/ipAddress.ts";
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import { Refusal } from "./desiredAddress.ts";
import { routerKey } from "./desiredRouter.ts";

/** An entry of the spec that does not run, or not as written. */
export interface EntryProblem {
  /** Place in the spec: "virtualRouters[2]", "checks[0]", "static.routes[1]". */
  path: string;
  /** Name for people: "web/IPv4", "check nginx". */
  subject: string;
  /** Of an entry that names a virtual router. */
  router?: { virtualIP: string; family: Family; priority?: number };
  /** One sentence, without the subject. */
  message: string;
  /** It cannot be read, and its form of before runs. */
  isOutdated?: true;
}

type Describe = (entry: unknown, place: string) => Omit<EntryProblem, "path" | "message">;

export class SpecEntries {
  /** Those that do not run. */
  readonly rejected: EntryProblem[] = [];
  /** Those that run with another value than the one written. */
  readonly adjusted: EntryProblem[] = [];

  adjust(problem: EntryProblem, message: string): void {
    this.adjusted.push({ ...problem, message });
  }

  /** Fields that this version does not know have no effect. */
  noteUnknown(given: unknown, schema: z.ZodObject, problem: EntryProblem): void {
    const unknown = Object.keys(fields(given)).filter((name) => !Object.hasOwn(schema.shape, name));
    if (unknown.length === 0) return;
    this.adjust(problem, `${unknown.join(", ")}: not known to this version of the agent, without effect`);
  }

  /**
   * Those of a list that `convert` takes; each other one becomes a problem, unless what it was `before` does. Anything but an array counts
   * as empty.
   */
  read<Schema extends z.ZodType, Result>(
    list: unknown,
    path: string,
    schema: Schema,
    describe: Describe,
    convert: (entry: z.output<Schema>, problem: EntryProblem, given: unknown) => Result,
    before: (problem: EntryProblem) => z.output<Schema> | undefined = () => undefined,
  ): Result[] {
    return (Array.isArray(list) ? list : []).flatMap((entry: unknown, index) => {
      const place = `${path}[${index}]`;
      const problem: EntryProblem = { path: place, ...describe(entry, place), message: "" };
      // What an entry had adjusted before it was refused is of no interest.
      const adjustedBefore = this.adjusted.length;
      try {
        const parsed = schema.safeParse(entry);
        if (parsed.success) return [convert(parsed.data, problem, entry)];
        const message = schemaMessage(parsed.error.issues);
        const former = before(problem);
        if (former === undefined) throw new Refusal(message);
        this.adjusted.push({ ...problem, message: `${message}; what ran before goes on`, isOutdated: true });
        return [convert(former, problem, former)];
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.adjusted.length = adjustedBefore;
        this.rejected.push({ ...problem, message: error.message });
        return [];
      }
    });
  }
}

export const fields = (value: unknown) => (value ?? {}) as Record<string, unknown>;
const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

export function routerName(entry: unknown): Omit<EntryProblem, "path" | "message"> {
  const { virtualIP, family, priority }: Partial<Record<keyof VirtualRouterSpec, unknown>> = fields(entry);
  const name = text(virtualIP);
  const known = familyField.safeParse(family).data;
  const subject = routerKey(name ?? "?", text(family) ?? "?");
  if (name === undefined || known === undefined) return { subject };
  return { subject, router: { virtualIP: name, family: known, priority: priorityField.safeParse(priority).data } };
}

export const serverName = (kind: string) => (entry: unknown, place: string) => {
  const { namespace, name } = fields(entry);
  return { subject: `${kind} ${text(namespace) ?? "?"}/${text(name) ?? place}` };
};

export const nameOf = (kind: string) => (entry: unknown, place: string) => ({ subject: `${kind} ${text(fields(entry).name) ?? place}` });
export const noName = (_entry: unknown, place: string) => ({ subject: place });

function schemaMessage(issues: { path: PropertyKey[]; message: string }[]): string {
  return issues.map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message)).join("; ");
}
