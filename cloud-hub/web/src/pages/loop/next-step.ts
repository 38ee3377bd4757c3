import type { Overview } from "../../api/overview.ts";
import { countText } from "../../values/format-amount.ts";

/** What the loop needs most now, and where it is done. */
export type NextStep = {
  readonly title: string;
  readonly sentence: string;
  readonly to: string;
  readonly link: string;
};

/** Chooses the one thing that moves the loop on: what is broken first, then what runs, then what waits. */
export function nextStep({ devices, samples, drift, runs, rollouts, releases }: Overview): NextStep {
  if (devices.total === 0) {
    return step("No device yet", '"fieldloop devices add NAME" begins the loop.', "/devices", "How to add one");
  }
  if (drift.state === "alarm") {
    const where = drift.device === null ? "Devices see" : `${drift.device} sees`;
    const sentence = `${where} what its version was not made for; ${countText(samples.waiting)} samples wait for a label.`;
    return step("Drift: label what counts", sentence, "/samples/label", "Label now");
  }
  if (rollouts.running > 0) {
    return step("A release is on its way", "Its waves open as the ones before prove healthy.", "/rollouts", "Watch it");
  }
  if (runs.running > 0) {
    return step("A version is being trained", "The gate judges it once it is done.", "/runs", "Watch it learn");
  }
  if (devices.unhealthy > 0) {
    const sentence = `${countText(devices.unhealthy)} of ${countText(devices.total)} devices want a look.`;
    return step("Some devices are unwell", sentence, "/devices?sort=health", "Look at them");
  }
  if (samples.waiting > 0) {
    return step("Samples wait", `${countText(samples.waiting)} have no label yet.`, "/samples/label", "Label some");
  }
  if (releases.total === 0) {
    return step("No release yet", "Import images, train, compile, release.", "/models", "See models");
  }
  return step("All is calm", "The loop goes round by itself.", "/samples", "Browse samples");
}

const step = (title: string, sentence: string, to: string, link: string): NextStep => ({ title, sentence, to, link });
