/** A state file that is written some time after a change, once for all that changed meanwhile. */
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { ReadResult, StateFile } from "./stateFile.ts";

export interface DelayedFileOptions<T> {
  file: StateFile<T>;
  /** From the first change to the write. */
  delayMs: number;
  clock: Clock;
  /** After each write: undefined when it worked. */
  onWrite(error: unknown): void;
}

export class DelayedFile<T> {
  readonly #options: DelayedFileOptions<T>;
  /** As text, what stands in the file. */
  #saved = "";
  #wanted: T;
  #timer: Timer | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(empty: T, options: DelayedFileOptions<T>) {
    this.#wanted = empty;
    this.#options = options;
  }

  /** What the file is to hold. */
  get value(): T {
    return this.#wanted;
  }

  async read(): Promise<ReadResult<T>> {
    const result = await this.#options.file.read();
    if (result.kind === "read") {
      this.#wanted = result.value;
      this.#saved = JSON.stringify(result.value);
    }
    return result;
  }

  /** Keeps it, soon; a no-op when all of it stands there. */
  put(value: T): void {
    this.#wanted = value;
    const { clock, delayMs } = this.#options;
    if (JSON.stringify(value) !== this.#saved) this.#timer ??= clock.setTimeout(() => this.#save(), delayMs);
  }

  /** Writes at once what waits. Resolves when all has been written, or could not be. */
  flush(): Promise<void> {
    if (this.#timer) this.#save();
    return this.#saving;
  }

  #save(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    const { file, onWrite } = this.#options;
    const content = this.#wanted;
    this.#saving = this.#saving.then(async () => {
      try {
        await file.write(content);
        this.#saved = JSON.stringify(content);
        onWrite(undefined);
      } catch (error) {
        onWrite(error);
      }
    });
  }
}
