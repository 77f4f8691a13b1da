/**
 * keepalived's notify_fifo: one line per change, for whoever reads. Writing never waits; when nobody reads and the FIFO is full, the
 * newest lines wait here.
 */
import { spawn } from "node:child_process";
import { constants, lstatSync, unlinkSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Account, AccountResult } from "../programs/accounts.ts";
import { searchPath } from "../programs/programFile.ts";
import type { NotificationCounters } from "./notificationCounters.ts";

export interface NotifyFifoOptions {
  path: string;
  /** Whom a FIFO that is made here belongs to: who runs programs. */
  owner(): Promise<AccountResult>;
  counters: NotificationCounters;
  log: Logger;
  clock: Clock;
}

/** Lines that wait. */
const pendingLimit = 1024;
const flushMs = 1000;
/** Its owner and his group may read: whoever reads a line takes it from all others. */
const creationMode = "0640";
const nobody = 0xffffffff;

export class NotifyFifo {
  readonly path: string;
  readonly #options: NotifyFifoOptions;
  #pending: string[] = [];
  #file: FileHandle | undefined;
  #inode: bigint | number | undefined;
  #isOurs = false;
  #closed = false;
  #refused = false;
  #dropped = 0;
  #timer: Timer | undefined;
  readonly #opening: Promise<void>;

  constructor(options: NotifyFifoOptions) {
    this.path = options.path;
    this.#options = options;
    this.#opening = this.#open().catch((error: Error) => {
      this.#refused = true;
      options.counters.add("fifo", "failed", this.#pending.length);
      this.#pending = [];
      options.log.error({ fifo: options.path, reason: error.message }, "the notify FIFO cannot be used");
    });
  }

  /** Resolves when the FIFO is open, or was refused. */
  opened(): Promise<void> {
    return this.#opening;
  }

  /** Writes a line, which ends with a newline. */
  write(line: string): void {
    if (this.#refused || this.#closed) {
      this.#options.counters.add("fifo", "failed");
      return;
    }
    this.#pending.push(line);
    if (this.#pending.length > pendingLimit) {
      this.#pending.shift();
      if (this.#dropped === 0) this.#options.log.warn({ fifo: this.path }, "nobody reads the notify FIFO; its oldest lines are given up");
      this.#dropped += 1;
      this.#options.counters.add("fifo", "dropped");
    }
    this.#flush();
  }

  /** Takes the FIFO away again if it was made here, as keepalived does. */
  async close(): Promise<void> {
    await this.#opening;
    this.#flush();
    this.#closed = true;
    this.#timer?.clear();
    if (this.#isOurs && this.#inode !== undefined && inodeOf(this.path) === this.#inode) unlinkSync(this.path);
    await this.#file?.close();
    this.#file = undefined;
  }

  #flush(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    if (!this.#file) return;
    try {
      // A line is shorter than PIPE_BUF: it is written whole or not at all.
      for (let [line] = this.#pending; line !== undefined; [line] = this.#pending) {
        writeSync(this.#file.fd, line);
        this.#pending.shift();
        this.#options.counters.add("fifo", "delivered");
      }
      this.#dropped = 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") {
        this.#options.log.error({ fifo: this.path, reason: (error as Error).message }, "the notify FIFO cannot be written");
        this.#options.counters.add("fifo", "failed", this.#pending.length);
        this.#pending = [];
        return;
      }
      this.#timer = this.#options.clock.setTimeout(() => this.#flush(), flushMs);
    }
  }

  async #open(): Promise<void> {
    if (!this.path.startsWith("/")) throw new Error("its path is not absolute");
    const owner = await this.#options.owner();
    this.#isOurs = await makeFifo(this.path);
    // Reading as well: so it can be opened, and stays open, without anybody who reads.
    const file = await open(this.path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(
      (error: NodeJS.ErrnoException) => {
        throw error.code === "ELOOP" ? new Error("it is a symbolic link") : error;
      },
    );
    try {
      const status = await file.stat();
      const scriptUser = owner.ok ? owner.account.uid : nobody;
      if (!status.isFIFO()) throw new Error("it is not a FIFO");
      if (![0, process.geteuid?.(), scriptUser].includes(status.uid))
        throw new Error(`it belongs to user ${status.uid}, who may have planted it`);
      if (this.#isOurs && owner.ok && process.geteuid?.() === 0) await this.#give(file, owner.account);
      this.#inode = status.ino;
      this.#file = file;
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#flush();
  }

  async #give(file: FileHandle, { uid, gid, name }: Account): Promise<void> {
    await file.chown(uid, gid).catch(({ message }: Error) => {
      this.#options.log.warn({ fifo: this.path, user: name, reason: message }, "the notify FIFO cannot be given to the script user");
    });
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return lstatSync(path).ino;
  } catch {
    return undefined;
  }
}

/** Makes a FIFO; false when there is something of that name. Node has no mkfifo(3), the program does nothing else. */
function makeFifo(path: string): Promise<boolean> {
  if (inodeOf(path) !== undefined) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    const child = spawn("mkfifo", ["-m", creationMode, "--", path], {
      env: { PATH: searchPath, LANG: "C" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let message = "";
    child.stderr.on("data", (chunk: Buffer) => {
      message += chunk.toString();
    });
    child.once("error", reject);
    child.once("close", (status) =>
      status === 0 ? resolve(true) : reject(new Error(message.trim() || `mkfifo ended with status ${status}`)),
    );
  });
}
