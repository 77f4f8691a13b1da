/** HTTP_GET and SSL_GET → requests. */
import type { HealthCheckInput } from "../../../api/healthCheck.ts";
import type { CheckedBlock } from "../../checkedBlock.ts";
import type { Diagnostics } from "../../diagnostic.ts";
import { planBodyMatch } from "./expressions.ts";
import type { TlsFiles } from "./plannedVirtualServer.ts";

export interface HttpContext {
  /** virtualhost of the real server, else of the virtual server. */
  virtualHost: string | undefined;
  tls: TlsFiles | undefined;
  diagnostics: Diagnostics;
}

type Http = NonNullable<HealthCheckInput["http"]>;
type Request = NonNullable<Http["requests"]>[number];

export function planHttp(scheme: "HTTP" | "HTTPS", block: CheckedBlock, context: HttpContext): Pick<HealthCheckInput, "http" | "rise"> {
  const virtualHost = block.text("virtualhost") ?? context.virtualHost;
  const requests = block.all("url").flatMap(({ block: url }) => (url ? [planRequest(url, { ...context, virtualHost })] : []));
  const version = (block.text("http_protocol") ?? "1.0") as NonNullable<Http["version"]>;
  const names = requests.some(({ hostHeader }) => hostHeader !== undefined);
  const tls = {
    // keepalived names no server unless it is told to.
    ...(names && !block.last("enable_sni") && { serverName: "" }),
    ...(context.tls && { certificateRef: { name: context.tls.name } }),
  };
  const isSecure = scheme === "HTTPS";
  return {
    http: { ...(isSecure && { scheme }), version, requests, ...(isSecure && Object.keys(tls).length > 0 && { tls }) },
    // One that failed is asked again, and then each URL with delay_loop in between.
    ...(!block.flag("fast_recovery") && { rise: requests.length + 1 }),
  };
}

function planRequest(url: CheckedBlock, { virtualHost, diagnostics }: HttpContext): Request {
  const hostHeader = url.text("virtualhost") ?? virtualHost;
  const [statuses, digest, bodyMatch] = [readStatuses(url), url.text("digest"), planBodyMatch(url, diagnostics)];
  return {
    path: url.text("path") ?? "/",
    ...(hostHeader !== undefined && { hostHeader }),
    ...(statuses.length > 0 && { statuses }),
    ...(digest !== undefined && { digest }),
    ...(bodyMatch && { bodyMatch }),
  };
}

function readStatuses(url: CheckedBlock): string[] {
  const ranges = (url.last("status_code")?.values("codes") ?? []) as readonly (readonly [number, number])[];
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
}
