/**
 * Values of Secrets in the agent's namespace: one watch per Secret that a virtual router refers to, and a copy in the state directory, so
 * that a start without API server works. Missing is not empty: a Secret that was deleted, or has lost its key, leaves the value that runs.
 */
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { refKey, type SecretRef, type SecretResult, type SecretSource } from "../credentials/secrets.ts";
import { StateFile } from "../state/stateFile.ts";
import type { ApiClient } from "./apiClient.ts";
import { ResourceWatch } from "./resourceWatch.ts";

export interface ClusterSecretOptions {
  client: Pick<ApiClient, "request" | "stream">;
  namespace: string;
  stateDirectory: string;
  clock: Clock;
  log: Logger;
  /** Ends all watches. */
  signal: AbortSignal;
  /** A value is new or another one. */
  onChange(): void;
}

/** A Secret that is watched. */
interface Watched {
  keys: Set<string>;
  stop: AbortController;
  /** Undefined until it has been looked for once. */
  state?: { kind: "present"; keys: Set<string> } | { kind: "absent" } | { kind: "failed"; reason: string };
  /** Resolves when it has been looked for. */
  looked: Promise<void>;
}

const secretSchema = z.object({ metadata: z.object({ name: z.string() }), data: z.record(z.string(), z.base64()).default({}) });
const valuesSchema = z.record(z.string(), z.string());

/** How long a configuration waits for a Secret that nothing is known of: the API server has just sent the configuration itself. */
const firstLookMs = 5000;
const ownerOnly = 0o600;

export class ClusterSecrets implements SecretSource {
  readonly #options: ClusterSecretOptions;
  readonly #file: StateFile<Record<string, string>>;
  readonly #watched = new Map<string, Watched>();
  #values = new Map<string, string>();
  #saveError: string | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: ClusterSecretOptions) {
    this.#options = options;
    this.#file = new StateFile(join(options.stateDirectory, "secrets.json"), 1, valuesSchema, () => options.clock.wallNow(), ownerOnly);
  }

  /** Reads what an earlier agent kept; what is wrong with the file comes back as a sentence. To be called once, before anything else. */
  async open(): Promise<string | undefined> {
    const result = await this.#file.read();
    if (result.kind === "read") this.#values = new Map(Object.entries(result.value));
    return result.kind === "damaged" ? `${this.#file.path} was damaged (${result.reason}).` : undefined;
  }

  /** Sentences about values that run although their Secret no longer has them, and about the file. */
  get problems(): string[] {
    const stale = [...this.#watched].flatMap(([name, watched]) =>
      [...watched.keys].flatMap((key) => {
        const lack = lackOf(name, key, watched, this.#options.namespace);
        return lack !== undefined && watched.state?.kind !== "failed" && this.#values.has(refKey({ name, key }))
          ? `${capitalized(lack)}: the last known value goes on.`
          : [];
      }),
    );
    return this.#saveError === undefined ? stale : [...stale, this.#saveError];
  }

  async require(refs: readonly SecretRef[]): Promise<void> {
    const wanted = Map.groupBy(refs, ({ name }) => name);
    for (const [name, { stop }] of this.#watched) {
      if (wanted.has(name)) continue;
      stop.abort();
      this.#watched.delete(name);
    }
    for (const [name, own] of wanted) {
      const keys = new Set(own.map(({ key }) => key));
      let watched = this.#watched.get(name);
      // Values that nobody asked for were not kept: for a further one the Secret is read again.
      if (!watched || [...keys].some((key) => !watched?.keys.has(key))) {
        watched?.stop.abort();
        watched = this.#watch(name);
      }
      watched.keys = keys;
    }
    const unknown = refs.filter((ref) => !this.#values.has(refKey(ref)));
    await this.#inTime(Promise.all(unknown.map(({ name }) => this.#watched.get(name)?.looked)));
    this.#forget(new Set(refs.map(refKey)));
  }

  lookUp(name: string, key: string): SecretResult {
    const value = this.#values.get(refKey({ name, key }));
    if (value !== undefined) return { ok: true, value };
    const lack = lackOf(name, key, this.#watched.get(name), this.#options.namespace);
    return { ok: false, message: lack ?? `Secret ${this.#options.namespace}/${name} has not been read yet` };
  }

  /** Resolves when all that is known has been written, or could not be. */
  saved(): Promise<void> {
    return this.#saving;
  }

  #watch(name: string): Watched {
    const { client, namespace, clock, log, signal } = this.#options;
    const stop = new AbortController();
    let looked = () => {};
    const watched: Watched = { keys: new Set(), stop, looked: new Promise((resolve) => (looked = resolve)) };
    this.#watched.set(name, watched);
    const absent = () => this.#update(name, { kind: "absent" });
    const watch = new ResourceWatch({
      client,
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets?fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`,
      clock,
      log: log.child({ secret: name }),
      signal: AbortSignal.any([signal, stop.signal]),
      handlers: {
        onList: ([object]) => {
          if (object === undefined) absent();
          else this.#take(name, object);
          looked();
        },
        onObject: (object) => this.#take(name, object),
        onDeleted: absent,
        onFailure: (error) => {
          if (watched.state === undefined) this.#update(name, { kind: "failed", reason: (error as Error).message });
          looked();
        },
      },
    });
    void watch.run();
    return watched;
  }

  #take(name: string, object: unknown): void {
    const parsed = secretSchema.safeParse(object);
    if (!parsed.success) {
      this.#update(name, { kind: "failed", reason: "it is not a Secret" });
      return;
    }
    const { data } = parsed.data;
    this.#update(name, { kind: "present", keys: new Set(Object.keys(data)) }, data);
  }

  #update(name: string, state: NonNullable<Watched["state"]>, data: Record<string, string> = {}): void {
    const watched = this.#watched.get(name);
    if (!watched) return;
    const wasAnother = watched.state?.kind !== state.kind;
    watched.state = state;
    let isNew = false;
    for (const key of watched.keys) {
      const encoded = data[key];
      if (encoded === undefined) continue;
      const value = Buffer.from(encoded, "base64").toString();
      isNew ||= this.#values.get(refKey({ name, key })) !== value;
      this.#values.set(refKey({ name, key }), value);
    }
    if (isNew) this.#save();
    if (isNew || wasAnother) this.#options.onChange();
  }

  /** Values that nobody refers to any more do not stay on the disk. */
  #forget(wanted: ReadonlySet<string>): void {
    const before = this.#values.size;
    for (const key of this.#values.keys()) if (!wanted.has(key)) this.#values.delete(key);
    if (this.#values.size < before) this.#save();
  }

  #save(): void {
    this.#saving = this.#saving.then(async () => {
      try {
        await this.#file.write(Object.fromEntries(this.#values));
        this.#saveError = undefined;
      } catch (error) {
        this.#saveError = `The last known Secrets cannot be written: ${(error as Error).message}.`;
        this.#options.log.error({ error }, "cannot write the last known Secrets");
      }
    });
  }

  async #inTime(work: Promise<unknown>): Promise<void> {
    let late = () => {};
    const limit = new Promise<void>((resolve) => (late = resolve));
    const timer = this.#options.clock.setTimeout(late, firstLookMs);
    await Promise.race([work, limit]);
    timer.clear();
  }
}

/** Why a Secret does not give a value; undefined when it does, or nothing is known. */
function lackOf(name: string, key: string, watched: Watched | undefined, namespace: string): string | undefined {
  const state = watched?.state;
  if (!state) return undefined;
  if (state.kind === "absent") return `there is no Secret ${namespace}/${name}`;
  if (state.kind === "failed") return `Secret ${namespace}/${name} cannot be read: ${state.reason}`;
  return state.keys.has(key) ? undefined : `Secret ${namespace}/${name} has no key ${key}`;
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
