/** How the page looks: light and dark, wide and narrow, on paper. One text without values: its hash stands in the Content-Security-Policy. */

const colors = `
:root {
  --page: #f3f5f8; --card: #ffffff; --text: #17202b; --muted: #55626f; --line: #dfe5ec; --stripe: #f8fafc;
  --accent: #0a5fb4; --good: #0b6e43; --good-soft: #e3f4ec; --bad: #ab1f17; --bad-soft: #fdebe9;
  --warn: #835000; --warn-soft: #fdf2df; --plain-soft: #eaeef3; --shadow: 0 1px 2px rgb(16 32 48 / 8%), 0 2px 8px rgb(16 32 48 / 4%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --card: #161c24; --text: #e4eaf1; --muted: #9ba8b6; --line: #2a333f; --stripe: #1a212a;
    --accent: #74b9ff; --good: #55cb93; --good-soft: #122a20; --bad: #ff938a; --bad-soft: #371b1b;
    --warn: #f2b968; --warn-soft: #322610; --plain-soft: #242d38; --shadow: none;
  }
}`;

const base = `
* { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text); line-height: 1.5; font-size: 15px;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; overflow-wrap: anywhere;
}
.wrap { max-width: 1240px; margin: 0 auto; padding: 0 20px; }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
code, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.92em; }
h1, h2, p, ol, ul { margin: 0; padding: 0; }
ol, ul { list-style: none; }
h2 { font-size: 17px; font-weight: 650; letter-spacing: -0.005em; }
.muted { color: var(--muted); }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 12px; background: var(--card); padding: 8px 12px; z-index: 1; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
td, li, dd, .name { unicode-bidi: isolate; }`;

const frame = `
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; padding: 18px 0 14px; }
.brand { display: flex; align-items: center; gap: 9px; font-weight: 700; font-size: 18px; letter-spacing: -0.01em; color: var(--text); text-decoration: none; }
.brand svg { width: 24px; height: 24px; color: var(--accent); }
.top .where { color: var(--muted); font-size: 13.5px; flex: 1 1 280px; }
.top .when { color: var(--muted); font-size: 13.5px; }
.notice { background: var(--warn-soft); color: var(--text); border-left: 4px solid var(--warn); border-radius: 8px; padding: 10px 14px; margin-bottom: 12px; }
.notice.info { background: var(--plain-soft); border-color: var(--muted); }
.verdict { background: var(--card); border-radius: 14px; box-shadow: var(--shadow); border: 1px solid var(--line); overflow: hidden; }
.verdict .line { display: flex; align-items: center; gap: 16px; padding: 20px 22px; }
.verdict .mark { flex: none; width: 44px; height: 44px; border-radius: 50%; display: grid; place-items: center; background: var(--plain-soft); color: var(--muted); }
.verdict .mark svg { width: 24px; height: 24px; }
.verdict.good .mark { background: var(--good-soft); color: var(--good); }
.verdict.bad .mark { background: var(--bad-soft); color: var(--bad); }
.verdict h1 { font-size: 25px; line-height: 1.25; font-weight: 680; letter-spacing: -0.015em; }
.verdict.bad h1 { color: var(--bad); }
.verdict p { color: var(--muted); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1px; margin: 0; background: var(--line); border-top: 1px solid var(--line); }
.figures div { background: var(--card); padding: 12px 22px 14px; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.figures dt { color: var(--muted); font-size: 13px; }
.figures dd { margin: 0; font-size: 23px; font-weight: 640; font-variant-numeric: tabular-nums; letter-spacing: -0.01em; }
.figures .off dd { color: var(--bad); }
.tools { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 10px 20px; padding: 16px 0 2px; font-size: 14px; }
.tools form { display: flex; align-items: center; gap: 8px 12px; flex: 1 1 300px; max-width: 460px; }
.tools input { flex: 1; min-width: 0; font: inherit; padding: 7px 12px; border-radius: 9px; border: 1px solid var(--line); background: var(--card); color: var(--text); }
.tools input::placeholder { color: var(--muted); opacity: 1; }
.tools button { font: inherit; font-weight: 600; padding: 7px 14px; border-radius: 9px; border: 1px solid var(--line); background: var(--card); color: var(--text); cursor: pointer; }
section { margin-top: 26px; }
.head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 10px; margin-bottom: 9px; }
.head .muted { font-size: 13.5px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); overflow: hidden; }
.none { padding: 14px 18px; color: var(--muted); }
footer { color: var(--muted); font-size: 13px; padding: 28px 0 36px; }`;

const tables = `
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: 12.5px; font-weight: 600; color: var(--muted); padding: 9px 16px; background: var(--stripe); border-bottom: 1px solid var(--line); white-space: nowrap; }
td, tbody th { overflow-wrap: break-word; }
td { padding: 9px 16px; border-top: 1px solid var(--line); vertical-align: top; }
tbody tr:first-child td, tbody tr:first-child th { border-top: 0; }
tbody th { font-size: 14px; color: var(--text); background: none; border-bottom: 0; border-top: 1px solid var(--line); vertical-align: top; }
tbody tr:hover { background: var(--stripe); }
td.number, th.number { text-align: right; }
td .sub, th .sub { display: block; color: var(--muted); font-size: 12.5px; font-weight: 400; }
td.keep, .keep { white-space: nowrap; }
td.room { min-width: 220px; }
td .name, tbody th .name { display: inline-block; max-width: 100%; overflow-wrap: break-word; }
.tag { display: inline-block; padding: 0 9px; border-radius: 999px; background: var(--plain-soft); color: var(--text); font-size: 13px; line-height: 21px; font-weight: 560; white-space: nowrap; }
.tag.good { background: var(--good-soft); color: var(--good); }
.tag.bad { background: var(--bad-soft); color: var(--bad); }
.tag.warn { background: var(--warn-soft); color: var(--warn); }
.bar { display: block; width: 100%; min-width: 90px; height: 8px; border-radius: 4px; background: var(--plain-soft); overflow: hidden; }
.bar rect { fill: var(--accent); }
.bar.full rect { fill: var(--bad); }
.bar.scarce rect { fill: var(--warn); }
.usage { display: grid; grid-template-columns: 42px minmax(90px, 1fr) max-content; gap: 0 12px; align-items: center; }
.usage + .usage { margin-top: 4px; }
.share { display: grid; grid-template-columns: 110px auto; gap: 10px; align-items: center; }
.share .bar { min-width: 0; }
.pages { display: flex; flex-wrap: wrap; gap: 6px 16px; padding: 10px 16px; border-top: 1px solid var(--line); font-size: 13.5px; color: var(--muted); }`;

const lists = `
.problems li { padding: 13px 18px; border-top: 1px solid var(--line); border-left: 4px solid var(--warn); }
.problems li.error { border-left-color: var(--bad); }
.problems li:first-child { border-top: 0; }
.problems .who { display: flex; flex-wrap: wrap; align-items: baseline; gap: 3px 10px; }
.problems .who .since { color: var(--muted); font-size: 13px; margin-left: auto; }
.problems .what { margin: 3px 0 0; }
.problems code { display: inline-block; margin-top: 6px; padding: 2px 9px; border-radius: 7px; background: var(--plain-soft); user-select: all; }
details summary { cursor: pointer; color: var(--accent); }
.moves { padding: 6px 18px 8px; }
.moves li { display: grid; grid-template-columns: 158px 14px minmax(0, 1fr); gap: 0 14px; }
.moves .at { padding: 9px 0; text-align: right; font-size: 13.5px; font-variant-numeric: tabular-nums; }
.moves .at .sub { display: block; color: var(--muted); font-size: 12.5px; }
.moves .rail { position: relative; }
.moves .rail::before { content: ""; position: absolute; left: 6px; top: 0; bottom: 0; width: 2px; background: var(--line); }
.moves .rail::after { content: ""; position: absolute; left: 2px; top: 15px; width: 10px; height: 10px; border-radius: 50%; background: var(--accent); box-shadow: 0 0 0 3px var(--card); }
.moves li.lost .rail::after { background: var(--bad); }
.moves li.first .rail::after { background: var(--good); }
.moves li:first-child .rail::before { top: 15px; }
.moves li:last-child .rail::before { bottom: auto; height: 15px; }
.moves .body { padding: 8px 0; }
.moves .route { font-weight: 600; }
.moves .arrow { color: var(--muted); font-weight: 400; padding: 0 3px; }
.moves .body .sub { display: block; color: var(--muted); font-size: 13.5px; }`;

/** Nodes in the picture of the moves: soft fills below the text's own colour. */
const nodeColors = {
  light: ["#c9e0fb", "#cdebd9", "#fbe3bd", "#e4d7f7", "#fad3d6", "#c9ecee", "#e9e7b9", "#d9dfe7"],
  dark: ["#1d4168", "#1b4d34", "#57400f", "#453364", "#5f2c35", "#184c51", "#48471b", "#3a4452"],
};
const variables = (colors: readonly string[]) => colors.map((color, index) => `--node${index}: ${color};`).join(" ");

const picture = `
:root { ${variables(nodeColors.light)} }
@media (prefers-color-scheme: dark) { :root { ${variables(nodeColors.dark)} } }
.lanes { padding: 16px 18px 10px; border-bottom: 1px solid var(--line); }
.lane, .axis { display: grid; grid-template-columns: 158px minmax(0, 1fr); gap: 14px; align-items: center; }
.lane { margin-bottom: 5px; }
.lane .name { text-align: right; font-size: 13.5px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.lane > svg { display: block; background: var(--plain-soft); border-radius: 5px; overflow: hidden; }
.lane rect { stroke: var(--card); stroke-width: 1; }
.lane text { fill: var(--text); font-size: 12.5px; font-weight: 560; }
.lane .nobody rect { fill: var(--bad); }
.lane .nobody text { fill: var(--card); }
${nodeColors.light.map((_, index) => `.lane .node${index} rect { fill: var(--node${index}); }`).join("\n")}
.axis div { display: flex; justify-content: space-between; color: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }`;

const media = `
@media (max-width: 640px) {
  .wrap { padding: 0 12px; }
  .verdict .line { padding: 16px; gap: 13px; }
  .verdict h1 { font-size: 21px; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figures div { padding: 10px 16px 12px; }
  .figures dd { font-size: 20px; }
  th, td { padding-left: 12px; padding-right: 12px; }
  .share { grid-template-columns: 60px auto; }
  .problems .who { align-items: center; }
  .problems li { padding: 12px 14px; }
  .problems .who .since { margin-left: 0; }
  .lanes { padding: 12px 14px 8px; }
  .lane, .axis { grid-template-columns: 84px minmax(0, 1fr); gap: 8px; }
  .moves { padding: 4px 14px; }
  .moves li { grid-template-columns: 14px minmax(0, 1fr); }
  .moves .rail { grid-row: 1 / span 2; grid-column: 1; }
  .moves .at { grid-column: 2; text-align: left; padding: 8px 0 0; }
  .moves .at .sub { display: inline; margin-left: 8px; }
  .moves .body { grid-column: 2; padding: 0 0 8px; }
}
@media print {
  :root { --page: #fff; --card: #fff; --text: #000; --muted: #444; --line: #bbb; --stripe: #fff; --plain-soft: #eee; --shadow: none; }
  .tools, .pages, .skip { display: none; }
  .scroll, .card { overflow: visible; }
  .wrap { max-width: none; padding: 0; zoom: 0.7; }
  tr, li, .verdict { break-inside: avoid; }
}
@media (forced-colors: active) { .tag, .card, .verdict { border: 1px solid; } }`;

export const style = [colors, base, frame, tables, lists, picture, media].join("\n");
