/** An API server for lists and watches, which does what the test says. */
import assert from "node:assert/strict";
import type { ApiClient, ApiRequest, StreamOptions } from "../../../src/agent/cluster/apiClient.ts";

/** One stream that the test feeds and ends. */
export class OpenStream {
  readonly options: StreamOptions;
  end: () => void = () => {};
  fail: (error: Error) => void = () => {};
  readonly ended: Promise<void>;

  constructor(options: StreamOptions) {
    this.options = options;
    this.ended = new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
    options.signal.addEventListener("abort", () => this.fail(options.signal.reason));
    options.onOpen();
  }

  send(type: string, object: unknown): void {
    this.options.onLine(JSON.stringify({ type, object }));
  }
}

export class ScriptedApi implements Pick<ApiClient, "request" | "stream"> {
  readonly lists: string[] = [];
  readonly streams: OpenStream[] = [];
  items: unknown[] = [];
  failure: Error | undefined;
  /** Lists are answered only by `answer()`. */
  silent = false;
  answer: () => void = () => {};

  async request({ path }: ApiRequest): Promise<unknown> {
    this.lists.push(path);
    if (this.silent) {
      await new Promise<void>((resolve) => {
        this.answer = resolve;
      });
    }
    if (this.failure) throw this.failure;
    return { metadata: { resourceVersion: "100" }, items: this.items };
  }

  stream(options: StreamOptions): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    const stream = new OpenStream(options);
    this.streams.push(stream);
    return stream.ended;
  }

  get last(): OpenStream {
    const stream = this.streams.at(-1);
    assert.ok(stream, "no watch is open");
    return stream;
  }
}
