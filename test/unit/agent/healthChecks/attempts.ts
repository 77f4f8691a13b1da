/** One attempt of a health check against a real server, with all that belongs to it. */
import type { TestContext } from "node:test";
import { Attempt } from "../../../../src/agent/checks/attempt.ts";
import { EchoSockets } from "../../../../src/agent/checks/echoSockets.ts";
import type { TlsMaterial } from "../../../../src/agent/checks/tls.ts";
import { createHealthProbe, type HealthTools, healthCheckKind } from "../../../../src/agent/healthChecks/createHealthProbe.ts";
import { ProgramRunner } from "../../../../src/agent/programs/programRunner.ts";
import { Slots } from "../../../../src/agent/programs/slots.ts";
import { type HealthCheckKind, healthCheckSchema } from "../../../../src/api/healthCheck.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { realConnector } from "../checks/realConnector.ts";

export interface AttemptSettings {
  timeoutMs?: number;
  address?: string;
  certificates?: (name: string) => TlsMaterial | undefined;
  allowedDirectories?: string[];
}

export interface AttemptEnd {
  /** Undefined: nothing can be said. */
  good: boolean | undefined;
  message: string;
  weight?: number;
  weightChange?: number;
  tookMs: number;
}

/** Runs it once, and waits until it has let go of all that it held. */
export async function attempt(
  context: TestContext,
  check: Record<string, unknown>,
  port: number,
  { timeoutMs = 5000, address = "127.0.0.1", certificates, allowedDirectories = [] }: AttemptSettings = {},
): Promise<AttemptEnd> {
  const programs = new ProgramRunner({ allowedDirectories, perProgramUser: false, log: silentLogger, clock: systemClock });
  const connector = realConnector(context);
  const echoes = new EchoSockets(() => connector.closeOnExec());
  context.after(async () => {
    echoes.close();
    await programs.stop(1000);
  });
  const tools: HealthTools = {
    connector,
    echoes,
    programs,
    certificates,
    node: "n1.example.com",
    log: silentLogger,
    clock: systemClock,
  };
  const parsed = healthCheckSchema.parse(check);
  const kind = healthCheckKind(parsed) as HealthCheckKind;
  const probe = createHealthProbe(kind, { key: "x", address, port, check: parsed }, tools);
  const began = performance.now();
  return new Promise((resolve) => {
    let end: AttemptEnd | undefined;
    new Attempt({
      probe,
      slots: new Slots(1),
      group: "",
      timeoutMs,
      clock: systemClock,
      onOutcome: (outcome, problem = "") => {
        const { good, message = problem, weight, weightChange } = outcome ?? {};
        end = { good, message, weight, weightChange, tookMs: performance.now() - began };
      },
      onEnd: () => {
        probe.close?.();
        if (end) resolve(end);
      },
    });
  });
}
