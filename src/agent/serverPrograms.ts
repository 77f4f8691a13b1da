/** The programs that VirtualServers of a file name, looked at before anything runs: what would not be started, and where it stands. */
import type { VirtualServerSpec } from "../api/virtualServer.ts";
import type { EntryProblem } from "./desired/specEntries.ts";
import type { LocalPrograms } from "./programs/localPrograms.ts";
import type { Program } from "./programs/programRunner.ts";
import { nameOf, type ResolvedVirtualServer } from "./virtualServers/resolvedVirtualServer.ts";

export interface ServerProgramProblems {
  /** Checks that could say nothing. */
  refused: EntryProblem[];
  /** Of notifications. */
  skipped: EntryProblem[];
}

interface NamedProgram {
  path: string;
  program: Program;
  isCheck: boolean;
}

export async function serverPrograms(
  servers: readonly ResolvedVirtualServer[],
  programs: Pick<LocalPrograms, "problem">,
): Promise<ServerProgramProblems> {
  const found: ServerProgramProblems = { refused: [], skipped: [] };
  for (const [index, server] of servers.entries()) {
    for (const { path, program, isCheck } of programsOf(server.spec)) {
      const problem = await programs.problem(program);
      if (problem === undefined) continue;
      const entry = { path: `virtualServers[${index}].${path}`, subject: `virtual server ${nameOf(server)}` };
      if (isCheck) found.refused.push({ ...entry, message: `exec: ${problem}` });
      else found.skipped.push({ ...entry, message: `notify: the program is skipped: ${problem}` });
    }
  }
  return found;
}

function programsOf({ healthChecks, realServers = [], notify }: VirtualServerSpec): NamedProgram[] {
  return [
    ...checksOf("", healthChecks),
    ...notifiesOf("", { quorumUp: notify?.quorumUp, quorumDown: notify?.quorumDown }),
    ...realServers.flatMap((server, index) => {
      if (!server.healthChecks && !server.notify) return [];
      const place = `realServers[${index}].`;
      return [...checksOf(place, server.healthChecks), ...notifiesOf(place, { up: server.notify?.up, down: server.notify?.down })];
    }),
  ];
}

function checksOf(place: string, checks: VirtualServerSpec["healthChecks"] = []): NamedProgram[] {
  return checks.flatMap(({ exec }, index) => (exec ? [{ path: `${place}healthChecks[${index}].exec`, program: exec, isCheck: true }] : []));
}

function notifiesOf(place: string, lists: Record<string, readonly Program[] | undefined>): NamedProgram[] {
  return Object.entries(lists).flatMap(([event, programs = []]) =>
    programs.map((program, index) => ({ path: `${place}notify.${event}[${index}]`, program, isCheck: false })),
  );
}
