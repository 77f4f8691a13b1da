/** Headless Chromium, asked by the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/ */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, extname, join } from "node:path";
import { BackgroundProcess } from "./backgroundProcess.ts";
import { until } from "./waiting.ts";

/** Where it is; undefined when there is none. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return ["chromium", "chromium-browser", "google-chrome"].flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

export interface Look {
  width: number;
  height?: number;
  scheme: "light" | "dark";
  /** As on paper. */
  print?: boolean;
}

interface Message {
  id?: number;
  sessionId?: string;
  method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: of all commands that there are.
  params?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  result?: any;
  error?: { message: string };
}

const answerMs = 20_000;

export class Browser {
  readonly #process: BackgroundProcess;
  readonly #socket: WebSocket;
  readonly #folder: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<Message>>();
  readonly #listeners = new Set<(message: Message) => void>();
  #session: string | undefined;
  #number = 0;
  /** What pages have complained of: messages of the console, violations of a policy, requests that failed. */
  readonly complaints: string[] = [];

  private constructor(process: BackgroundProcess, socket: WebSocket, folder: string) {
    this.#process = process;
    this.#socket = socket;
    this.#folder = folder;
    socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(String(data)) as Message));
  }

  static async start(program: string): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), "aloft-browser-"));
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars"];
    const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
    const args = [...flags, ...quiet, "--remote-debugging-port=0", `--user-data-dir=${folder}`, "about:blank"];
    const guarded = ["--pdeathsig", "KILL", "--", program, ...args];
    const browser = BackgroundProcess.start("chromium", "setpriv", guarded, {
      logFile: join(folder, "log"),
      env: { ...process.env, TMPDIR: folder },
    });
    const portFile = join(folder, "DevToolsActivePort");
    try {
      const url = await until("chromium to listen", () => existsSync(portFile) && endpointOf(readFileSync(portFile, "utf8")), {
        timeoutMs: 30_000,
        hint: () => browser.logTail(),
      });
      const socket = new WebSocket(url);
      await new Promise((resolve, reject) => {
        socket.addEventListener("open", resolve);
        socket.addEventListener("error", reject);
      });
      const self = new Browser(browser, socket, folder);
      await self.#openPage();
      return self;
    } catch (error) {
      await browser.kill();
      await removeProfile(folder);
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#socket.close();
    await this.#process.stop();
    await removeProfile(this.#folder);
  }

  /** Opens the page as somebody with such a screen sees it. */
  async open(url: string, { width, height = 900, scheme, print = false }: Look): Promise<void> {
    await this.#send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.#send("Emulation.setEmulatedMedia", { media: print ? "print" : "screen", features });
    const loaded = this.#next("Page.loadEventFired");
    await this.#send("Page.navigate", { url });
    await loaded;
  }

  /** The value of an expression in the page; it must be JSON. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  /** Of the whole page, into a file of the kind that its name says: PNG or WebP. */
  async screenshot(file: string): Promise<void> {
    const format = extname(file).slice(1);
    const quality = format === "png" ? undefined : 85;
    const { data } = await this.#send("Page.captureScreenshot", { format, quality, captureBeyondViewport: true });
    writeFileSync(file, Buffer.from(data, "base64"));
  }

  async #openPage(): Promise<void> {
    const { targetInfos } = await this.#send("Target.getTargets");
    const { targetId } = targetInfos.find(({ type }: { type: string }) => type === "page");
    this.#session = (await this.#send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.#send(`${domain}.enable`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: of all commands that there are.
  async #send(method: string, params: object = {}): Promise<any> {
    this.#number += 1;
    const id = this.#number;
    const waiting = Promise.withResolvers<Message>();
    this.#waiting.set(id, waiting);
    const timer = setTimeout(() => waiting.reject(new Error(`chromium does not answer ${method}`)), answerMs);
    this.#socket.send(JSON.stringify({ id, method, params, ...(this.#session && { sessionId: this.#session }) }));
    const { result, error } = await waiting.promise.finally(() => clearTimeout(timer));
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  #next(method: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`chromium does not tell ${method}`)), answerMs);
      const listener = (message: Message) => {
        if (message.method !== method) return;
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  #receive(message: Message): void {
    if (message.id !== undefined) {
      this.#waiting.get(message.id)?.resolve(message);
      this.#waiting.delete(message.id);
      return;
    }
    const complaint = complaintOf(message);
    if (complaint !== undefined) this.complaints.push(complaint);
    for (const listener of this.#listeners) listener(message);
  }
}

/** Chromium's helpers outlive it for a moment, and write their part of the profile once more. */
async function removeProfile(folder: string): Promise<void> {
  await until("chromium's helpers to end", () => !readdirSync("/proc").some((entry) => /^\d+$/.test(entry) && isAskedWith(entry, folder)));
  rmSync(folder, { recursive: true, force: true });
}

function isAskedWith(pid: string, word: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word);
  } catch {
    return false;
  }
}

/** The file has the port and the path, one a line; it may be read before it is written. */
function endpointOf(text: string): string | undefined {
  const [port, path] = text.trim().split("\n");
  return port && path ? `ws://127.0.0.1:${port}${path}` : undefined;
}

function complaintOf({ method, params }: Message): string | undefined {
  switch (method) {
    case "Log.entryAdded":
      return `${params.entry.source}: ${params.entry.text} ${params.entry.url ?? ""}`;
    case "Runtime.consoleAPICalled":
      return `console.${params.type}: ${params.args.map(({ value }: { value?: unknown }) => value).join(" ")}`;
    case "Runtime.exceptionThrown":
      return params.exceptionDetails.text;
    case "Network.loadingFailed":
      return `a request failed: ${params.errorText}`;
    default:
      return undefined;
  }
}
