/** notify_up, notify_down, quorum_up, quorum_down, omega, smtp_alert. */
import type { VirtualServerInput } from "../../../api/virtualServer.ts";
import type { CheckedBlock, CheckedStatement } from "../../checkedBlock.ts";
import type { Diagnostics } from "../../diagnostic.ts";
import { runAs } from "../checks.ts";
import type { GlobalSettings } from "../globalSettings.ts";
import { canMail } from "../notifications.ts";

type ServerNotify = NonNullable<NonNullable<VirtualServerInput["realServers"]>[number]["notify"]>;
type ServiceNotify = NonNullable<VirtualServerInput["notify"]>;
type Programs = NonNullable<ServerNotify["up"]>;

function planProgram(statement: CheckedStatement | undefined): Programs | undefined {
  const command = statement?.command();
  return command && [{ command: [...command], ...runAs(statement) }];
}

/** Real servers have mail sent unless they say otherwise, virtual servers do not: so it is in keepalived. */
function wantsMail(block: CheckedBlock, byDefault: boolean, globals: GlobalSettings, diagnostics: Diagnostics): boolean {
  const wanted = block.flag("smtp_alert") ?? globals.block.flag("smtp_alert_checker") ?? globals.block.flag("smtp_alert") ?? byDefault;
  return wanted && canMail(block, globals, diagnostics);
}

export function planServerNotify(
  block: CheckedBlock,
  service: CheckedBlock,
  globals: GlobalSettings,
  diagnostics: Diagnostics,
): ServerNotify | undefined {
  const [up, down] = [planProgram(block.last("notify_up")), planProgram(block.last("notify_down"))];
  const mail = wantsMail(block, true, globals, diagnostics);
  const differs = mail !== wantsMail(service, false, globals, diagnostics);
  return orNothing({ ...(up && { up }), ...(down && { down }), ...(differs && { mail }) });
}

export function planServiceNotify(block: CheckedBlock, globals: GlobalSettings, diagnostics: Diagnostics): ServiceNotify | undefined {
  const [quorumUp, quorumDown] = [planProgram(block.last("quorum_up")), planProgram(block.last("quorum_down"))];
  const mail = wantsMail(block, false, globals, diagnostics);
  return orNothing({
    ...(quorumUp && { quorumUp }),
    ...(quorumDown && { quorumDown }),
    ...(block.last("omega") && { onStop: true }),
    ...(mail && { mail }),
  });
}

const orNothing = <T extends object>(notify: T): T | undefined => (Object.keys(notify).length > 0 ? notify : undefined);
