/** Texts for properties: noise, words in any order, and samples with mistakes. */
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";

const directory = new URL("../../fixtures/keepalived/", import.meta.url);
const samples = readdirSync(directory)
  .filter((name) => name.endsWith(".conf"))
  .map((name) => readFileSync(new URL(name, directory), "utf8"));

const words = [
  ..."{ } { } \" ' \\ # ! $ @ @^ ~SEQ( ~LST( ) , = \n \n \n \t \r \u00a0 \u200b \0 < > ... {% %} {{ }} | & - + / . 0 1 255 10.0.0.1 fe80::1".split(
    " ",
  ),
  ..."$A=1 $A= \\\n $A @{A} $B=@{A} ~SEQ(A,1,3) ~LST(B,x,y) include k.conf include * lock weight".replaceAll("@{", "$\u007b").split(" "),
  ..."global_defs vrrp_instance virtual_ipaddress virtual_routes track_script vrrp_script script authentication auth_pass state priority".split(
    " ",
  ),
  ..."virtual_server real_server HTTP_GET url path status_code MISC_CHECK misc_path notify unicast_peer nexthop via dev constructor __proto__".split(
    " ",
  ),
];
const tokenSoup = fc.array(
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: fc.string({ unit: "binary" }) }),
  { maxLength: 60 },
);

export const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  tokenSoup.map((parts) => parts.join(" ")),
  tokenSoup.map((parts) => parts.join("")),
);

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 30 }),
  to: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom("cut", "double", "move", "replace"),
  word: fc.constantFrom(...words),
});

/** Any sample with a piece cut out, doubled, moved or replaced. */
export const mutatedSample = fc
  .tuple(fc.constantFrom(...samples), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([sample, mutations]) => {
    let text = sample;
    for (const { at, length, to, kind, word } of mutations) {
      const start = Math.floor(at * text.length);
      const piece = text.slice(start, start + length);
      const rest = kind === "double" ? text : text.slice(0, start) + text.slice(start + length);
      const target = kind === "replace" ? start : Math.floor(to * rest.length);
      text = kind === "cut" ? rest : rest.slice(0, target) + (kind === "replace" ? word : piece) + rest.slice(target);
    }
    return text;
  });
