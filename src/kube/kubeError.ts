/** The one error that src/kube throws for a request: what failed, and whether trying again can help. */

export type KubeErrorCode =
  | "BadRequest" // 400
  | "Unauthorized" // 401
  | "Forbidden" // 403
  | "NotFound" // 404, except of a whole resource type: its status has no details.name
  | "AlreadyExists" // 409, of a create
  | "Conflict" // 409: resourceVersion is old, or another field manager owns a field
  | "Expired" // 410: resourceVersion or continue token is too old; list again
  | "Invalid" // 422
  | "TooManyRequests" // 429
  | "ServerError" // 5xx
  | "Rejected" // any other status
  | "Timeout" // no answer, or nothing more on a stream, within the time given
  | "Network" // no connection, or a broken one
  | "Protocol" // an answer that is not what the API promises
  | "Configuration" // kubeconfig, token or certificate cannot be read or used
  | "Aborted"; // the caller's signal

const codeOfStatus: Record<number, KubeErrorCode> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  422: "Invalid",
  429: "TooManyRequests",
};

/** 401: the token file may just have been rotated. 409 is for the caller, who must read again first. */
const retryableCodes: ReadonlySet<KubeErrorCode> = new Set([
  "Unauthorized",
  "Expired",
  "TooManyRequests",
  "ServerError",
  "Timeout",
  "Network",
  "Protocol",
  "Configuration",
]);

export interface KubeErrorDetails {
  /** HTTP status; 0 when there was no answer. */
  status?: number;
  /** metav1.Status.reason, such as "AlreadyExists". */
  reason?: string;
  /** The server's Retry-After, in ms. */
  retryAfterMs?: number;
  /** metav1.Status.message. */
  text?: string;
  subject?: KubeErrorSubject;
  cause?: unknown;
}

/** What the request was about. */
export interface KubeErrorSubject {
  name: string;
  /** Plural of the resource, such as "nodes". */
  resource: string;
}

export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly code: KubeErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly reason: string;
  /** Whether the same request may succeed later without any change. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** What the API server said; empty when there was no answer. */
  readonly text: string;
  /** Undefined where the answer names no object, as when the whole resource type is unknown. */
  readonly subject: KubeErrorSubject | undefined;

  constructor(code: KubeErrorCode, message: string, details: KubeErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status ?? 0;
    this.reason = details.reason ?? "";
    this.retryable = retryableCodes.has(code);
    this.retryAfterMs = details.retryAfterMs;
    this.text = details.text ?? "";
    this.subject = details.subject;
  }
}

/** Whether `error` is a KubeError of one of these codes. */
export function isKubeError(error: unknown, ...codes: KubeErrorCode[]): error is KubeError {
  return error instanceof KubeError && (codes.length === 0 || codes.includes(error.code));
}

interface Status {
  message?: string;
  reason?: string;
  code?: number;
  details?: { retryAfterSeconds?: number; name?: string; kind?: string };
}

/**
 * The error of an answer with status ≥ 400 or of an ERROR event.
 * `body` is the text or the parsed metav1.Status; a body that is none (a proxy's HTML page) is quoted in part.
 */
export function errorOfStatus(operation: string, httpStatus: number, body: unknown, retryAfter?: string): KubeError {
  const parsed = parseStatus(body);
  const status = parsed?.code ?? httpStatus;
  const reason = parsed?.reason ?? "";
  const text = parsed?.message ?? (typeof body === "string" ? body.slice(0, 200).trim() : "");
  const seconds = Number(retryAfter ?? parsed?.details?.retryAfterSeconds);
  return new KubeError(codeOf(status, reason), `${operation}: ${status}${reason ? ` ${reason}` : ""}${text ? `: ${text}` : ""}`, {
    status,
    reason,
    text,
    subject: subjectOf(parsed),
    retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
  });
}

function subjectOf({ details: { name, kind } = {} }: Status = {}): KubeErrorSubject | undefined {
  return name && kind ? { name, resource: kind } : undefined;
}

function codeOf(status: number, reason: string): KubeErrorCode {
  if (status === 409 && reason === "AlreadyExists") return "AlreadyExists";
  if (status >= 500) return "ServerError";
  return codeOfStatus[status] ?? "Rejected";
}

function parseStatus(body: unknown): Status | undefined {
  let value = body;
  if (typeof body === "string") {
    try {
      value = JSON.parse(body);
    } catch {
      return undefined;
    }
  }
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "Status" ? (value as Status) : undefined;
}
