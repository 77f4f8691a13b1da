/** The statuses of virtual servers, cut to what an object of the API server holds in all. Pure. */
import type { NodeVirtualServerStatus, RealServerStatus } from "../../api/virtualServerStatus.ts";

/** Limits of the API schema, and of etcd, which holds 1.5 MB: a server takes up to 150 bytes without its message. */
const most = { virtualServers: 4096, servers: 3000, message: 1024, messages: 100_000, serverMessage: 256, serverMessages: 100_000 };

export function fittingReports(statuses: readonly NodeVirtualServerStatus[]): NodeVirtualServerStatus[] {
  const kept = statuses.slice(0, most.virtualServers);
  const servers = share(most.servers, kept.length, most.servers);
  const message = share(most.messages, kept.filter((status) => status.message).length, most.message);
  const down = kept.flatMap((status) => (status.servers ?? []).filter((server) => server.message)).length;
  const serverMessage = share(most.serverMessages, down, most.serverMessage);
  return kept.map((status) => ({
    ...status,
    ...(status.message && { message: cut(status.message, message) }),
    ...(status.servers && { servers: downFirst(status.servers, servers).map((server) => withShortMessage(server, serverMessage)) }),
  }));
}

/** What each of `count` may have. */
function share(all: number, count: number, mostEach: number): number {
  return Math.min(mostEach, Math.floor(all / Math.max(1, count)));
}

function downFirst(servers: readonly RealServerStatus[], limit: number): RealServerStatus[] {
  if (servers.length <= limit) return [...servers];
  return [...servers.filter(({ up }) => !up), ...servers.filter(({ up }) => up)].slice(0, limit);
}

function withShortMessage(server: RealServerStatus, length: number): RealServerStatus {
  return server.message ? { ...server, message: cut(server.message, length) } : server;
}

export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
