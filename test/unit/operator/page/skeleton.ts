/** What a document is built of, without its texts: a reading of HTML for tests, by the rules of its tokenizer that matter to escaping. */

/** Tags with the names of their attributes, in order: "<a class href>", "</a>". @throws Error for what no page of ours may have. */
export function skeletonOf(page: string): string[] {
  const tags: string[] = [];
  let rest = page;
  while (rest !== "") {
    const open = rest.indexOf("<");
    checkText(open < 0 ? rest : rest.slice(0, open));
    if (open < 0) break;
    const tag = /^<(!doctype html|\/?[a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>/i.exec(rest.slice(open));
    if (!tag) throw new Error(`no tag: ${rest.slice(open, open + 80)}`);
    const [whole, name = "", attributes = ""] = tag;
    tags.push(
      `<${[name, ...[...attributes.matchAll(/([a-z-]+)="([^"]*)"/gi)].map(([, key = "", value = ""]) => checked(key, value))].join(" ")}>`,
    );
    rest = rest.slice(open + whole.length);
    if (name === "style") rest = rest.slice(rest.indexOf("</style>"));
  }
  return tags;
}

function checked(key: string, value: string): string {
  checkText(value);
  return key;
}

/** Whether an & begins anything but the five entities. */
function checkText(text: string): void {
  const wrong = /&(?!(amp|lt|gt|quot|#39);)/.exec(text);
  if (wrong) throw new Error(`a reference that is none: ${text.slice(wrong.index, wrong.index + 20)}`);
}
