import type { SamplingPolicy } from "@fieldloop/devices";
import { keyedShare } from "@fieldloop/edge-runtime";

type AuditPolicy = SamplingPolicy["audit"];

/** A device's word on its audit lane: from a frame on the rate is halved so often. seq: of the control record */
export type Halving = {
  readonly seq: number;
  readonly fromFrame: number;
  readonly rate: number;
  readonly halvings: number | undefined;
};

/** An audited frame as it was chosen. probability: with which, then */
export type AuditedFrame = { readonly frame: number; readonly probability: number };

/** What becomes of it: in the audit with the probability that holds in the end, or thinned out like those on the device. */
export type AuditFate = { readonly isAudited: true; readonly probability: number } | { readonly isAudited: false };

/**
 * The probability with which a frame is in the audit after the device halved its rate. Frames that were on their way when it
 * did so are thinned here by the same hash, as the device thinned those that still waited: what is left of them was chosen
 * with the halved probability, whichever side of the wire it was on.
 * policy: of the release that answered, `undefined` when the hub does not know it · scope: `device|epoch`
 */
export function auditFate(
  audited: AuditedFrame,
  halvings: readonly Halving[],
  policy: AuditPolicy | undefined,
  scope: string,
): AuditFate {
  const kept: AuditFate = { isAudited: true, probability: audited.probability };
  let holding: Halving | undefined;
  for (const each of halvings) {
    if (each.fromFrame <= audited.frame && (holding === undefined || each.seq > holding.seq)) holding = each;
  }
  if (holding === undefined) return kept;
  const rate =
    policy === undefined || holding.halvings === undefined ? holding.rate : policy.rate / 2 ** holding.halvings;
  if (rate >= audited.probability) return kept;
  if (policy === undefined) return { isAudited: true, probability: rate };
  const share = keyedShare(Buffer.from(policy.key, "hex"), scope, audited.frame);
  return share < rate ? { isAudited: true, probability: rate } : { isAudited: false };
}
