/** The beginning of a text of unknown length. */
export class BoundedText {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #dropped = 0;

  /** Keeps `limit` bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    const kept = chunk.subarray(0, this.#limit - this.#kept);
    // A copy: a small part would keep the whole chunk alive.
    if (kept.length > 0) this.#chunks.push(Buffer.from(kept));
    this.#kept += kept.length;
    this.#dropped += chunk.length - kept.length;
  }

  /** What was kept, and how much was not. */
  text(): string {
    const text = Buffer.concat(this.#chunks).toString();
    return this.#dropped > 0 ? `${text}… and ${this.#dropped} bytes more` : text;
  }
}
