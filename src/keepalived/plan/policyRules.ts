/** Lines of virtual_rules and static_rules → policy rules. */
import type { Family } from "../../api/ipAddress.ts";
import type { PolicyRule } from "../../api/nodeAgent.ts";
import type { CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostics, quote } from "../diagnostic.ts";
import type { Value } from "../grammar/types.ts";
import { optionNumber, optionText } from "./addresses.ts";
import { agreedFamily, readTable, writeDestination } from "./routes.ts";

/** Priorities for rules that have none: as keepalived, downwards from the same number in the order of the file, per family. */
export class RulePriorities {
  readonly #next: Record<Family, number> = { IPv4: 16_384, IPv6: 16_384 };

  take(family: Family): number {
    return this.#next[family]--;
  }
}

const actions = ["blackhole", "unreachable", "prohibit"] as const;

/** Undefined when an error was reported. */
export function planRule(line: CheckedStatement, priorities: RulePriorities, diagnostics: Diagnostics): PolicyRule | undefined {
  const [from, to] = [line.option("from")?.values[0]?.value, line.option("to")?.values[0]?.value];
  const family = agreedFamily(line, [from, to].includes("default6") ? "default6" : undefined, diagnostics);
  const action = readAction(line, diagnostics);
  if (!family || !action) return undefined;
  const table = action === "lookup" ? readTable(line.option("table"), diagnostics) : undefined;
  if (action === "lookup" && table === undefined) return undefined;
  const priority = readPriority(line, family, priorities, diagnostics);
  const [iif, oif] = [optionText(line.option("iif")), optionText(line.option("oif"))];
  return {
    family,
    ...(priority !== undefined && { priority }),
    ...selector("from", from, family),
    ...selector("to", to, family),
    ...(iif !== undefined && { inputInterface: iif }),
    ...(oif !== undefined && { outputInterface: oif }),
    ...firewallMark(line),
    action,
    ...(table !== undefined && { table }),
  };
}

/** Everywhere is what a rule without the selector has. */
function selector(name: "from" | "to", value: Value | undefined, family: Family): Pick<PolicyRule, "from" | "to"> {
  return typeof value === "object" ? { [name]: writeDestination(value, family) } : {};
}

function readAction(line: CheckedStatement, diagnostics: Diagnostics): PolicyRule["action"] | undefined {
  const type = optionText(line.option("type"));
  const given = actions.filter((name) => line.has(name) || type === name);
  const tables = line.options.filter(({ name }) => name === "table").length;
  if (given.length + tables === 1) return given[0] ?? "lookup";
  if (type !== undefined && given.length === 0)
    diagnostics.error("not-offered", line.option("type")?.position ?? line.position, `type ${quote(type)} is not offered`);
  else if (!line.has("goto") && !line.has("nop") && !line.has("l3mdev")) {
    const what = given.length + tables === 0 ? "has none" : "has several";
    diagnostics.error(
      "missing-argument",
      line.position,
      `a rule needs one of table, blackhole, unreachable and prohibit, and this one ${what}`,
    );
  }
  return undefined;
}

function readPriority(line: CheckedStatement, family: Family, priorities: RulePriorities, diagnostics: Diagnostics): number | undefined {
  const option = line.option("preference");
  const priority = optionNumber(option);
  if (option === undefined || priority === undefined) {
    const taken = priorities.take(family);
    diagnostics.warning("default", line.position, `the rule has no preference: ${taken} is taken, as keepalived does`);
    return taken;
  }
  if (priority >= 1 && priority <= 32_765) return priority;
  const at = option.values[0]?.position ?? option.position;
  diagnostics.error("value", at, `preference: expected a number from 1 to 32765, got \`${priority}\``);
  return undefined;
}

function firewallMark(line: CheckedStatement): Pick<PolicyRule, "firewallMark" | "firewallMask"> {
  const value = line.option("fwmark")?.values[0]?.value;
  if (!Array.isArray(value)) return {};
  const [mark, mask] = value.map(Number);
  return { firewallMark: mark, ...(mask !== 0xffffffff && { firewallMask: mask }) };
}
