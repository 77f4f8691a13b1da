/** Text that remembers where each of its characters was written, through substitution, cutting and joining. Immutable. */
import type { Position } from "./diagnostic.ts";

interface Span {
  /** Offset of its first character in the text. */
  start: number;
  at: Position;
  /** All characters stand for one place: the parameter that they were substituted for. */
  fixed: boolean;
}

export class PlacedText {
  readonly text: string;
  readonly #spans: readonly Span[];

  private constructor(text: string, spans: readonly Span[]) {
    this.text = text;
    this.#spans = spans;
  }

  /** Text as it stands in a file, its first character at `at`. */
  static written(text: string, at: Position): PlacedText {
    return new PlacedText(text, [{ start: 0, at, fixed: false }]);
  }

  /** Text that is not in any file but stands for something at `at`. */
  static standingFor(text: string, at: Position): PlacedText {
    return new PlacedText(text, [{ start: 0, at, fixed: true }]);
  }

  static join(parts: readonly PlacedText[]): PlacedText {
    const spans: Span[] = [];
    let length = 0;
    for (const part of parts) {
      for (const span of part.#spans) spans.push({ ...span, start: span.start + length });
      length += part.text.length;
    }
    return new PlacedText(parts.map((part) => part.text).join(""), spans);
  }

  /** The place of the character at `offset`; of the end, when `offset` is the length. */
  positionAt(offset: number): Position {
    const spans = this.#spans;
    let low = 0;
    let high = spans.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((spans[middle]?.start ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const span = spans[low];
    if (!span) return { file: "", line: 1, column: 1 };
    return span.fixed ? span.at : { ...span.at, column: span.at.column + offset - span.start };
  }

  slice(start: number, end = this.text.length): PlacedText {
    const [only] = this.#spans;
    // Nearly every line of a file: it need not be looked through.
    if (this.#spans.length === 1 && only?.start === 0 && start < end) {
      const at = only.fixed ? only.at : { ...only.at, column: only.at.column + start };
      return new PlacedText(this.text.slice(start, end), [{ start: 0, at, fixed: only.fixed }]);
    }
    const spans = this.#spans.filter(
      (span, index) => span.start < end && (this.#spans[index + 1]?.start ?? Number.POSITIVE_INFINITY) > start,
    );
    const moved = spans.map((span) => {
      const cut = Math.max(0, start - span.start);
      return {
        start: Math.max(0, span.start - start),
        at: span.fixed ? span.at : { ...span.at, column: span.at.column + cut },
        fixed: span.fixed,
      };
    });
    return new PlacedText(this.text.slice(start, end), moved.length > 0 ? moved : [{ start: 0, at: this.positionAt(start), fixed: true }]);
  }

  /** The same places, each character replaced one by one: `text` must have the same length. */
  withText(text: string): PlacedText {
    return new PlacedText(text, this.#spans);
  }

  trim(): PlacedText {
    const start = this.text.length - this.text.trimStart().length;
    const end = this.text.trimEnd().length;
    return start === 0 && end === this.text.length ? this : this.slice(start, Math.max(start, end));
  }
}
