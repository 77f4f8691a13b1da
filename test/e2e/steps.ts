/** What the demo says while it works: one line per step with its duration, in colour and in place on a terminal, plain when piped. */

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
}

export class Steps {
  private readonly out: Output;
  private readonly isLive: boolean;
  private readonly hasColour: boolean;

  constructor(out: Output = process.stdout, environment: NodeJS.ProcessEnv = process.env) {
    this.out = out;
    this.isLive = out.isTTY === true && environment.TERM !== "dumb";
    this.hasColour = this.isLive && !environment.NO_COLOR;
  }

  private paint(code: number, text: string): string {
    return this.hasColour ? `\x1b[${code}m${text}\x1b[0m` : text;
  }

  bold(text: string): string {
    return this.paint(1, text);
  }

  dim(text: string): string {
    return this.paint(2, text);
  }

  red(text: string): string {
    return this.paint(31, text);
  }

  green(text: string): string {
    return this.paint(32, text);
  }

  line(text = ""): void {
    this.out.write(`${text}\n`);
  }

  lines(texts: readonly string[], indent = "  "): void {
    for (const text of texts) this.line(text === "" ? "" : indent + text);
  }

  /** Runs `work` as one step. A live terminal shows it from the start, with the seconds running; otherwise its line comes at the end. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const seconds = () => `${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s`;
    const show = () => this.out.write(`\r\x1b[K  ${this.dim("·")} ${this.dim(seconds())}  ${title}`);
    const timer = this.isLive ? setInterval(show, 100) : undefined;
    if (this.isLive) show();
    const finish = (mark: string) => {
      clearInterval(timer);
      this.line(`${this.isLive ? "\r\x1b[K" : ""}  ${mark} ${this.dim(seconds())}  ${title}`);
    };
    try {
      const result = await work();
      finish(this.green("✔"));
      return result;
    } catch (error) {
      finish(this.red("✘"));
      throw error;
    }
  }
}
