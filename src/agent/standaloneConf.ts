/** A keepalived.conf as the configuration of a standalone agent. */
import type { NodeAgentSpec } from "../api/nodeAgent.ts";
import { formatDiagnostic, type Position } from "../keepalived/diagnostic.ts";
import { diskReader } from "../keepalived/diskReader.ts";
import { type LoadedKeepalived, loadKeepalived } from "../keepalived/loadKeepalived.ts";
import { FixedSecrets } from "./secrets.ts";
import type { LoadedConfiguration, Severity, StandaloneConfiguration, StandaloneSource } from "./standaloneSource.ts";

export function loadConf({ file, node, configId, hasScriptUser }: StandaloneSource): LoadedConfiguration {
  const loaded = loadKeepalived(file, diskReader(), { node, configId });
  const lines = loaded.diagnostics.map(formatDiagnostic);
  // keepalived's own process would run these; without them the file would not do what it says.
  const unsupported = loaded.unsupported.map(({ position, message }) => formatLine(position, "error", message));
  if (loaded.hasErrors || unsupported.length > 0) return { ok: false, problems: [...lines, ...unsupported] };
  const { spec, secrets, places } = loaded;
  const fallback: Position = { file, line: 1, column: 1 };
  const line: StandaloneConfiguration["line"] = (path, severity, message) =>
    formatLine(nearest(path, places) ?? fallback, severity, message);
  const ownUsers = hasScriptUser ? spec : withScriptUser(spec, loaded.agent);
  return { ok: true, configuration: { spec: ownUsers, secrets: new FixedSecrets(secrets), warnings: lines, line } };
}

function formatLine({ file, line, column }: Position, severity: Severity, message: string): string {
  return `${file}:${line}:${column}: ${severity}: ${message}`;
}

/** The place of an entry, or of what it is part of. */
function nearest(path: string, places: ReadonlyMap<string, Position>): Position | undefined {
  for (let rest = path; rest !== ""; rest = rest.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+)$/, "")) {
    const found = places.get(rest);
    if (found) return found;
  }
  return undefined;
}

/** script_user of global_defs is who runs the programs that name nobody. */
function withScriptUser(spec: NodeAgentSpec, { scriptUser }: LoadedKeepalived["agent"]): NodeAgentSpec {
  if (!scriptUser) return spec;
  const user = scriptUser.group === undefined ? scriptUser.user : `${scriptUser.user}:${scriptUser.group}`;
  const notifying = <Owner extends { notify?: NodeAgentSpec["virtualRouters"][number]["notify"] }>(owner: Owner): Owner =>
    owner.notify?.programs
      ? { ...owner, notify: { ...owner.notify, programs: owner.notify.programs.map((program) => ({ user, ...program })) } }
      : owner;
  return {
    ...spec,
    virtualRouters: spec.virtualRouters.map(notifying),
    groups: spec.groups?.map(notifying),
    checks: spec.checks?.map((check) => (check.exec ? { ...check, exec: { user, ...check.exec } } : check)),
  };
}
