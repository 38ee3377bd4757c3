import type { Rollout, RolloutDevice, Verdict, Wave } from "./rollout.ts";

/** What a step is about. */
export type StepKind =
  | "open-wave"
  | "offer"
  | "note"
  | "wave-healthy"
  | "stop"
  | "return"
  | "complete"
  | "pause"
  | "resume"
  | "abort"
  | "leave";

type Change<Whole, Keys extends keyof Whole> = { readonly [Key in Keys]?: Whole[Key] };

/** What a step changes of a device; what it does not name stays. */
export type DeviceChange = { readonly device: string } & Change<
  RolloutDevice,
  "state" | "offeredAt" | "firstPredictionAt" | "returnedAt" | "reason" | "number"
>;
/** What a step changes of a wave. */
export type WaveChange = { readonly number: number } & Change<Wave, "state" | "openedAt" | "decidedAt"> & {
    readonly verdict?: Verdict | null;
  };
/** What a step changes of the rollout itself. */
export type RolloutChange = Change<Rollout, "state" | "cause" | "resumedAt" | "endedAt">;

/** A device that shall run a release because of a step. */
export type Wanted = { readonly device: string; readonly release: string };

/**
 * One advance of a rollout: what it changes and which desired states it causes, decided together.
 * sentence: why, with figures · by: the person behind it
 */
export type Step = {
  readonly kind: StepKind;
  readonly sentence: string;
  readonly by?: string;
  readonly rollout?: RolloutChange;
  readonly waves?: readonly WaveChange[];
  readonly devices?: readonly DeviceChange[];
  readonly wanted?: readonly Wanted[];
};

/** The most devices that one step tells what to run, or notes; further ones come by further steps. */
export const mostPerStep = 1000;

/** The rollout after a step that was taken at a moment; what the tables show after the decision. */
export function afterStep(rollout: Rollout, step: Step, at: number): Rollout {
  const waves = new Map(step.waves?.map((change) => [change.number, change]));
  const devices = new Map(step.devices?.map((change) => [change.device, change]));
  const number = rollout.step + 1;
  const note = { step: number, at, kind: step.kind, sentence: step.sentence, by: step.by ?? null };
  return {
    ...rollout,
    ...step.rollout,
    step: number,
    reason: step.sentence,
    steps: [...rollout.steps, note].slice(-100),
    waves: rollout.waves.map((wave) => ({
      ...wave,
      ...waves.get(wave.number),
      devices: wave.devices.map((device) => ({ ...device, ...devices.get(device.device) })),
    })),
  };
}
