/** Links between the documents lead to files and headings that are there. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../../..");
const documents = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md", { cwd: root })].sort();

const read = (path: string) => readFileSync(join(root, path), "utf8");
/** What is shown as it is written holds no links and no headings. */
const prose = (path: string) => read(path).replaceAll(/^```.*?^```/gms, "");

/** As GitHub makes them of headings. */
function anchors(path: string): string[] {
  return [...prose(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

for (const document of documents)
  test(document, () => {
    const broken = [...prose(document).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
      const [path = "", anchor] = target.split("#");
      if (/^[a-z]+:/.test(target)) return [];
      const file = path === "" ? document : normalize(join(dirname(document), path));
      if (!existsSync(join(root, file))) return [`${target}: there is no ${file}`];
      return anchor === undefined || anchors(file).includes(anchor) ? [] : [`${target}: ${file} has no such heading`];
    });
    assert.deepEqual(broken, []);
  });
