/** Configuration files on the disk: the one place of this folder that touches it. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { type ConfigReader, globExpression, hasWildcard, type Unreadable } from "./reader.ts";

/** Larger than any configuration: a mistake in the name shall not fill the memory. */
const mostBytes = 16 << 20;
/** Directories that one pattern may look into. */
const mostDirectories = 10_000;

const reasons: Record<string, string> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "its symbolic links lead in a circle",
};

export function diskReader(): ConfigReader {
  return { read: readText, glob: findFiles };
}

function readText(path: string): string | Unreadable {
  try {
    const found = statSync(path);
    if (found.isDirectory()) return { reason: "it is a directory: write DIRECTORY/*.conf" };
    if (!found.isFile()) return { reason: "it is not a regular file" };
    if (found.size > mostBytes) return { reason: `it is larger than ${mostBytes >> 20} MiB` };
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { reason: reasons[code ?? ""] ?? message };
  }
}

/** As glob(3) with GLOB_BRACE: a wildcard matches no leading dot, directories are left out. */
function findFiles(pattern: string): string[] {
  let budget = mostDirectories;
  const search = (directory: string, [segment = "", ...rest]: string[]): string[] => {
    const path = (name: string) => (directory === "" || directory === "/" ? `${directory}${name}` : `${directory}/${name}`);
    if (!hasWildcard(segment)) return rest.length === 0 ? [path(segment)].filter(isFile) : search(path(segment), rest);
    if (--budget < 0) return [];
    const expression = globExpression(segment);
    const names = entries(directory).filter((name) => expression.test(name) && (segment.startsWith(".") || !name.startsWith(".")));
    return names.flatMap((name) => (rest.length === 0 ? [path(name)].filter(isFile) : search(path(name), rest)));
  };
  const found = expandBraces(pattern).flatMap((one) => {
    const segments = one.split("/").filter((segment) => segment !== "" && segment !== ".");
    return search(one.startsWith("/") ? "/" : "", segments);
  });
  return [...new Set(found)].sort();
}

/** Of a directory that cannot be read none, as glob(3). */
function entries(directory: string): string[] {
  try {
    return readdirSync(directory || ".");
  } catch {
    return [];
  }
}

/** What exists and is no directory; whether it can be read shows when it is. */
function isFile(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** More alternatives than that are not looked for. */
const mostAlternatives = 1000;

/** `a{b,c{d,}}` → `ab`, `acd`, `ac`. Braces that do not pair up stay. */
export function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.shift(); next !== undefined && done.length + open.length < mostAlternatives; next = open.shift()) {
    const alternatives = expandFirst(next);
    if (alternatives) open.unshift(...alternatives);
    else done.push(next);
  }
  return done;
}

/** The first pair of braces replaced by each of what stands in it. */
function expandFirst(pattern: string): string[] | undefined {
  const start = pattern.indexOf("{");
  if (start < 0) return undefined;
  const cuts = [start];
  let depth = 0;
  for (let at = start; at < pattern.length; at++) {
    depth += pattern[at] === "{" ? 1 : pattern[at] === "}" ? -1 : 0;
    if (pattern[at] === "," && depth === 1) cuts.push(at);
    if (depth > 0) continue;
    const [head, tail] = [pattern.slice(0, start), pattern.slice(at + 1)];
    return cuts.map((cut, index) => `${head}${pattern.slice(cut + 1, cuts[index + 1] ?? at)}${tail}`);
  }
  return undefined;
}
