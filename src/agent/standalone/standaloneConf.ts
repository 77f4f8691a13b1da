/** A keepalived.conf as the configuration of a standalone agent. */
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import { formatDiagnostic, type Position } from "../../keepalived/diagnostic.ts";
import { diskReader } from "../../keepalived/diskReader.ts";
import { type LoadedKeepalived, loadKeepalived } from "../../keepalived/loadKeepalived.ts";
import type { ConfigReader } from "../../keepalived/reader.ts";
import { RememberingReader } from "../../keepalived/rememberingReader.ts";
import { systemClock } from "../../runtime/clock.ts";
import { certificateFiles } from "../credentials/certificateFiles.ts";
import { FixedSecrets } from "../credentials/secrets.ts";
import type { ResolvedVirtualServer } from "../virtualServers/resolvedVirtualServer.ts";
import { FixedServers } from "./fixedServers.ts";
import type { LoadedConfiguration, Severity, StandaloneConfiguration, StandaloneSource } from "./standaloneSource.ts";

interface Understood {
  reader: RememberingReader;
  result: LoadedConfiguration;
}

/** To understand 2,000 virtual servers takes a second: what says the same as the last time, at a reload or when a start looks twice, is not. */
const understood = new WeakMap<StandaloneSource, Understood>();

export function loadConf(source: StandaloneSource): LoadedConfiguration {
  const last = understood.get(source);
  if (last?.reader.isCurrent()) return last.result;
  const reader = new RememberingReader(diskReader());
  const result = understand(source, reader);
  understood.set(source, { reader, result });
  return result;
}

function understand({ file, node, configId, hasScriptUser }: StandaloneSource, reader: ConfigReader): LoadedConfiguration {
  const loaded = loadKeepalived(file, reader, { node, configId });
  const lines = loaded.diagnostics.map(formatDiagnostic);
  // keepalived's own process would run these; without them the file would not do what it says.
  const unsupported = loaded.unsupported.map(({ position, message }) => formatLine(position, "error", message));
  if (loaded.hasErrors || unsupported.length > 0) return { ok: false, problems: [...lines, ...unsupported] };
  const { spec, secrets, places } = loaded;
  const fallback: Position = { file, line: 1, column: 1 };
  const line: StandaloneConfiguration["line"] = (path, severity, message) =>
    formatLine(nearest(path, places) ?? fallback, severity, message);
  const user = hasScriptUser ? undefined : scriptUserOf(loaded.agent);
  const servers = new FixedServers(
    loaded.virtualServers.map((server) => resolve(server, user)),
    certificateFiles(loaded.tlsFiles, systemClock),
  );
  const ownUsers = user === undefined ? spec : withScriptUser(spec, user);
  return { ok: true, configuration: { spec: ownUsers, secrets: new FixedSecrets(secrets), servers, warnings: lines, line } };
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
function scriptUserOf({ scriptUser }: LoadedKeepalived["agent"]): string | undefined {
  if (!scriptUser) return undefined;
  return scriptUser.group === undefined ? scriptUser.user : `${scriptUser.user}:${scriptUser.group}`;
}

function withScriptUser(spec: NodeAgentSpec, user: string): NodeAgentSpec {
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

type Planned = LoadedKeepalived["virtualServers"][number];

function resolve({ namespace, name, virtualIP, addresses, spec }: Planned, user: string | undefined): ResolvedVirtualServer {
  const resolved = { namespace, name, addresses, ...(virtualIP !== undefined && { virtualIP }) };
  return { ...resolved, spec: user === undefined ? spec : withServerUser(spec, user) };
}

type Spec = Planned["spec"];

function withServerUser({ healthChecks, realServers, notify, ...spec }: Spec, user: string): Spec {
  const running = <Program extends object>(programs: readonly Program[] | undefined) => programs?.map((program) => ({ user, ...program }));
  const checking = (checks: Spec["healthChecks"]) =>
    checks?.map((check) => (check.exec ? { ...check, exec: { user, ...check.exec } } : check));
  return {
    ...spec,
    healthChecks: checking(healthChecks),
    realServers: realServers?.map((server) => ({
      ...server,
      healthChecks: checking(server.healthChecks),
      notify: server.notify && { ...server.notify, up: running(server.notify.up), down: running(server.notify.down) },
    })),
    notify: notify && { ...notify, quorumUp: running(notify.quorumUp), quorumDown: running(notify.quorumDown) },
  };
}
