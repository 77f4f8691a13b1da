/** What a block must hold, and which of its settings contradict each other. */
import type { CheckedBlock, CheckedStatement } from "./checkedBlock.ts";
import { type Diagnostics, quote } from "./diagnostic.ts";
import type { Statement } from "./syntaxTree.ts";

type Rule = (checked: CheckedStatement, written: Statement, diagnostics: Diagnostics) => void;

/** By the keyword of the block. */
export const rules: Record<string, Rule | undefined> = {
  vrrp_instance: checkInstance,
  vrrp_script: requiring(["script"]),
  track_file: requiring(["file"]),
  vrrp_track_process: requiring(["process"]),
  bfd_instance: requiring(["neighbor_ip", "neighbour_ip"]),
  virtual_server: checkVirtualServer,
  HTTP_GET: requiring(["url"]),
  SSL_GET: requiring(["url"]),
  url: requiring(["path"]),
  MISC_CHECK: requiring(["misc_path"]),
  FILE_CHECK: requiring(["track_file"]),
  BFD_CHECK: requiring(["name"]),
};

/** One of the keywords must be written; whether its value is right was checked before. */
function requiring(keywords: readonly string[]): Rule {
  return (_checked, written, diagnostics) => {
    if (isWritten(written, keywords)) return;
    diagnostics.error("missing-setting", written.keyword.position, `${describe(written)} has no ${keywords[0]}`);
  };
}

function isWritten({ block }: Statement, keywords: readonly string[]): boolean {
  return block?.statements.some(({ keyword }) => keywords.includes(keyword.text)) ?? false;
}

function describe({ keyword, args }: Statement): string {
  return [keyword.text, ...args.map(({ text }) => text)].join(" ");
}

function checkInstance(checked: CheckedStatement, written: Statement, diagnostics: Diagnostics): void {
  const { block } = checked;
  if (!block) return;
  const at = written.keyword.position;
  requiring(["virtual_router_id"])(checked, written, diagnostics);
  if (!isWritten(written, ["interface", "unicast_peer", "unicast_src_ip"]))
    diagnostics.error("missing-setting", at, `${describe(written)} has no interface`);
  if (!isWritten(written, ["virtual_ipaddress", "virtual_ipaddress_excluded"]))
    diagnostics.error("missing-setting", at, `${describe(written)} has no virtual_ipaddress: there is nothing to hold`);
  checkPreemption(block, diagnostics);
  checkFamilies(block, diagnostics);
}

/** keepalived drops nopreempt and preempt_delay beside state MASTER. An instance always begins as BACKUP here, so they can be kept. */
function checkPreemption(block: CheckedBlock, diagnostics: Diagnostics): void {
  const nopreempt = block.last("nopreempt");
  const delay = block.last("preempt_delay");
  if (nopreempt && delay) diagnostics.warning("ignored", delay.position, "preempt_delay has no effect beside nopreempt");
  if (block.text("state") !== "MASTER") return;
  for (const setting of [nopreempt, delay]) {
    if (!setting) continue;
    const message = `keepalived ignores ${setting.keyword} beside state MASTER: taken as meant, the instance begins as BACKUP`;
    diagnostics.warning("conflict", setting.position, message);
  }
}

/** An advert carries one family; the others belong into virtual_ipaddress_excluded. */
function checkFamilies(block: CheckedBlock, diagnostics: Diagnostics): void {
  const [first, ...others] = block.items("virtual_ipaddress");
  const family = first?.address()?.family;
  for (const other of others) {
    const address = other.address();
    if (address && address.family !== family)
      diagnostics.error(
        "conflict",
        other.position,
        `an ${address.family} address beside ${family} ones: put it into virtual_ipaddress_excluded`,
      );
  }
}

/** What keepalived assumes when a service does not say. */
const serviceDefaults = [
  { keywords: ["lvs_sched", "lb_algo"], assumed: "lb_algo wlc" },
  { keywords: ["lvs_method", "lb_kind"], assumed: "lb_kind NAT" },
];

function checkVirtualServer(checked: CheckedStatement, written: Statement, diagnostics: Diagnostics): void {
  if (!checked.block || checked.args.size === 0) return;
  const at = written.keyword.position;
  // A misspelt keyword was reported; that its default is assumed would be a second message for one mistake.
  const misspelt = written.block?.statements.some(({ keyword }) => /^l[bv]/.test(keyword.text) && !knownService.has(keyword.text)) ?? false;
  for (const { keywords, assumed } of serviceDefaults) {
    if (!misspelt && !isWritten(written, keywords))
      diagnostics.warning("missing-setting", at, `${describe(written)}: ${quote(assumed)} is assumed`);
  }
  if (!isWritten(written, ["real_server"])) diagnostics.warning("missing-setting", at, `${describe(written)} has no real_server`);
}

const knownService = new Set(serviceDefaults.flatMap(({ keywords }) => keywords));
