/** Where the text of configuration files comes from. The parser itself touches no disk. */

export interface ConfigReader {
  /** The text of a file, or why there is none. */
  read(path: string): string | Unreadable;
  /** Files that a pattern of glob(3) with braces names, sorted; a plain path names itself when it exists. */
  glob(pattern: string): string[];
}

export interface Unreadable {
  /** Completes "FILE cannot be read: …". */
  reason: string;
}

/** Files held in memory, by path. */
export function memoryReader(files: Readonly<Record<string, string>>): ConfigReader {
  const byPath = new Map(Object.entries(files).map(([path, text]) => [normalizePath(path), text]));
  return {
    read: (path) => byPath.get(normalizePath(path)) ?? { reason: "no such file" },
    glob(pattern) {
      const wanted = globExpression(normalizePath(pattern));
      return [...byPath.keys()].filter((path) => wanted.test(path)).sort();
    },
  };
}

/** Whether glob(3) would look for more than one name. */
export function hasWildcard(pattern: string): boolean {
  return /[*?[{]/.test(pattern);
}

/** `path` seen from the directory of the file that names it. */
export function resolveFrom(file: string, path: string): string {
  return path.startsWith("/") ? normalizePath(path) : normalizePath(`${directoryOf(file)}/${path}`);
}

export function directoryOf(file: string): string {
  const slash = file.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : file.slice(0, slash);
}

/** Without `.` and `x/..`, textually. */
function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".." || !path.startsWith("/")) parts.push(part);
  }
  return `${path.startsWith("/") ? "/" : ""}${parts.join("/")}`;
}

const globSigns: Record<string, string> = { "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")" };

/** One pattern as an expression for whole paths. Braces that do not pair up give one that matches nothing. */
export function globExpression(pattern: string): RegExp {
  let depth = 0;
  const translate = (sign: string) => {
    if (sign.length > 1) return sign.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    depth += sign === "{" ? 1 : sign === "}" ? -1 : 0;
    if (sign === ",") return depth > 0 ? "|" : ",";
    return globSigns[sign] ?? `\\${sign}`;
  };
  const source = pattern.replace(/\[!?[^\]/[]+\]|[*?{},.+^$()|\\[\]]/g, translate);
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return /^(?!)$/;
  }
}
