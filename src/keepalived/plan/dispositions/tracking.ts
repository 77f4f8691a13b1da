/** What is watched: the definitions, and the lists that name them. */
import { all, becomes, type Dispositions, later } from "../disposition.ts";

const weights: Dispositions = {
  weight: becomes("VirtualIP track[].weight"),
  ...all(["reverse", "noreverse"], becomes("VirtualIP track[].reverse")),
};

export const trackLists: Dispositions = {
  track_interface: becomes("VirtualIP track[].interface", { options: weights }),
  track_script: becomes("VirtualIP track[].exec", { options: weights }),
  track_file: becomes("VirtualIP track[].file", { options: weights }),
  track_process: becomes("VirtualIP track[].process", { options: weights }),
  track_bfd: later("BFD"),
};

const weight = becomes("VirtualIP track[].weight", { options: all(["reverse", "noreverse"], becomes("VirtualIP track[].reverse")) });

export const script: Dispositions = {
  script: becomes("VirtualIP track[].exec.command"),
  interval: becomes("VirtualIP track[].interval"),
  timeout: becomes("VirtualIP track[].timeout"),
  weight,
  rise: becomes("VirtualIP track[].rise"),
  fall: becomes("VirtualIP track[].fall"),
  user: becomes("VirtualIP track[].exec.user"),
  init_fail: becomes("VirtualIP track[].initial"),
};

export const file: Dispositions = {
  file: becomes("VirtualIP track[].file.path"),
  weight,
  init_file: becomes("VirtualIP track[].file.create", { options: { overwrite: becomes("VirtualIP track[].file.create.overwrite") } }),
};

export const process: Dispositions = {
  process: becomes("VirtualIP track[].process.name"),
  param_match: becomes("VirtualIP track[].process.argumentsMatch"),
  weight,
  quorum: becomes("VirtualIP track[].process.minimum"),
  quorum_max: becomes("VirtualIP track[].process.maximum"),
  fork_delay: becomes("VirtualIP track[].riseDelay"),
  terminate_delay: becomes("VirtualIP track[].fallDelay"),
  delay: becomes("VirtualIP track[].riseDelay"),
  full_command: becomes("VirtualIP track[].process.name"),
};
