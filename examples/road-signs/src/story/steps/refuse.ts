import { shortDigest } from "../../report/figure-text.ts";
import type { Refusal } from "../../report/loop-report.ts";
import type { Progress } from "../../terminal/progress.ts";
import { badReleases } from "../bad-releases.ts";
import { firstCamera } from "../cameras.ts";
import { runStep, type Story } from "../story.ts";
import { type Meanwhile, whilePlaying } from "../while-playing.ts";
import { moveFleetTo } from "./release.ts";

/** What bad releases are made from: v2 and its release, and the bundle of v1 that was exported at first. */
export type BadReleaseParts = { readonly version: string; readonly release: string; readonly firstBundle: string };

/** How the bad releases fared, and what frames did meanwhile. */
export type Refused = { readonly refused: readonly Refusal[]; readonly meanwhile: Meanwhile };

/** Step 8, second half: bad releases are offered to one camera, one after another, while v2 keeps answering everywhere. */
export function refuseBadOnes(story: Story, parts: BadReleaseParts): Promise<Refused> {
  return runStep(story, "Refusals", async (progress) => {
    const { result, meanwhile } = await whilePlaying(story, "field", () => offerEach(story, parts, progress));
    await moveFleetTo(story, parts.release, [firstCamera]);
    return {
      result: { refused: result, meanwhile },
      figures: [
        ...result.map(({ what, refused, code, reason }) =>
          refused ? `✓ ${what} (${code}): ${withShortDigests(reason)}` : `✗ ${what}: ACCEPTED`,
        ),
        `${meanwhile.shown} frames meanwhile, ${meanwhile.unanswered} unanswered`,
      ],
    };
  });
}

const withShortDigests = (text: string): string => text.replaceAll(/sha256:[0-9a-f]{64}/g, shortDigest);

async function offerEach(story: Story, parts: BadReleaseParts, progress: Progress): Promise<Refusal[]> {
  const { first } = await story.fleet();
  const runs = await story.client.release(parts.release);
  const bad = badReleases(story, { ...parts, runs });
  const refused: Refusal[] = [];
  for (const { what, prepare } of bad) {
    const { accepted, code, reason } = await first.ask({ kind: "offer", bundle: await prepare() }, "offered");
    refused.push({ what, refused: !accepted, code, reason });
    progress.show(refused.length, bad.length, what);
  }
  return refused;
}
