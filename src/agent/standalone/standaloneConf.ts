/** A keepalived.conf as the configuration of a standalone agent. */
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import { formatDiagnostic, type Position } from "../../keepalived/diagnostic.ts";
import { diskReader } from "../../keepalived/diskReader.ts";
import { KeepalivedLoader, loadKeepalived, type ReloadedKeepalived } from "../../keepalived/loadKeepalived.ts";
import type { Places } from "../../keepalived/plan/places.ts";
import { RememberingReader } from "../../keepalived/rememberingReader.ts";
import { systemClock } from "../../runtime/clock.ts";
import { certificateFiles } from "../credentials/certificateFiles.ts";
import { FixedSecrets } from "../credentials/secrets.ts";
import type { ResolvedVirtualServer } from "../virtualServers/resolvedVirtualServer.ts";
import { FixedServers } from "./fixedServers.ts";
import type { LoadedConfiguration, Severity, StandaloneConfiguration, StandaloneSource } from "./standaloneSource.ts";

interface Understood {
  loader: KeepalivedLoader;
  reader: RememberingReader;
  result: LoadedConfiguration;
}

/** To understand 2,000 virtual servers takes a second: what says the same as the last time, at a reload or when a start looks twice, is not. */
const understood = new WeakMap<StandaloneSource, Understood>();

export function loadConf(source: StandaloneSource): LoadedConfiguration {
  const last = understood.get(source);
  if (last?.reader.isCurrent()) return last.result;
  const { file, node, configId } = source;
  const loader = last?.loader ?? new KeepalivedLoader(file, { node, configId });
  const reader = new RememberingReader(diskReader());
  const result = understand(source, loader, reader);
  understood.set(source, { loader, reader, result });
  return result;
}

function understand(source: StandaloneSource, loader: KeepalivedLoader, reader: RememberingReader): LoadedConfiguration {
  const { file, node, configId, hasScriptUser } = source;
  const loaded = loader.load(reader);
  const lines = loaded.diagnostics.map(formatDiagnostic);
  // keepalived's own process would run these; without them the file would not do what it says.
  const unsupported = loaded.unsupported.map(({ position, message }) => formatLine(position, "error", message));
  if (loaded.hasErrors || unsupported.length > 0) return { ok: false, problems: [...lines, ...unsupported] };
  const { spec, secrets } = loaded;
  const fallback: Position = { file, line: 1, column: 1 };
  let places: Places | undefined;
  const line: StandaloneConfiguration["line"] = (path, severity, message) => {
    // Hardly anybody asks, and the places of 20,000 real servers take 20 MB.
    places ??= loadKeepalived(file, reader.remembered(), { node, configId }).places();
    return formatLine(nearest(path, places) ?? fallback, severity, message);
  };
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
function scriptUserOf({ scriptUser }: ReloadedKeepalived["agent"]): string | undefined {
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

type Planned = ReloadedKeepalived["virtualServers"][number];

/** By the specification, which is the same one while its lines are: then the agent plans nothing anew. */
const resolved = new WeakMap<Planned["spec"], { user: string | undefined; server: ResolvedVirtualServer }>();

function resolve({ namespace, name, virtualIP, addresses, spec }: Planned, user: string | undefined): ResolvedVirtualServer {
  const before = resolved.get(spec);
  if (before && before.server.name === name && before.user === user) return before.server;
  const head = { namespace, name, addresses, ...(virtualIP !== undefined && { virtualIP }) };
  const server = { ...head, spec: user === undefined ? spec : withServerUser(spec, user) };
  resolved.set(spec, { user, server });
  return server;
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
