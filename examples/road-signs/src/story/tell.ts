import { join } from "node:path";
import { closingTable } from "../report/closing-table.ts";
import { exitCodeOf } from "../report/exit-code.ts";
import { unpackBundle } from "./bundle-folder.ts";
import { firstCamera } from "./cameras.ts";
import { compare } from "./comparison.ts";
import { type LoopResults, type RolledOut, reportOf } from "./loop-results.ts";
import { writeReports } from "./reports.ts";
import { answerQueues } from "./steps/answer.ts";
import { bootstrap } from "./steps/bootstrap.ts";
import { offerBroken } from "./steps/broken-release.ts";
import { compileVersion } from "./steps/compile.ts";
import { meetDusk } from "./steps/dusk.ts";
import { releaseFirst } from "./steps/first-release.ts";
import { rollOutHarmful, trainOnShuffled } from "./steps/harmful-release.ts";
import { noticeDrift } from "./steps/notice.ts";
import { refuseBadOnes } from "./steps/refuse.ts";
import { type Retrained, retrain } from "./steps/retrain.ts";
import { readTests } from "./steps/tests.ts";
import { rollOutInWaves } from "./steps/waves.ts";
import type { Story } from "./story.ts";

/** Tells the whole story, prints the closing table, and gives back what `--once` exits with. */
export async function tellLoop(story: Story): Promise<0 | 1 | 3> {
  const v1 = await bootstrap(story);
  const { cards } = await compileVersion(story, "Compile", v1.version);
  const first = await releaseFirst(story, v1.version);
  const firstBundle = await keepFirstBundle(story, first.release);
  const dusk = await meetDusk(story);
  const noticed = await noticeDrift(story, first.release, dusk.from);
  const answered = await answerQueues(story, first.release, dusk.from);
  const v2 = await retrain(story, v1, dusk.from);
  const tests = await readTests(story, v1.version, v2.version);
  const rolledOut = v2.gate.passed ? await rollOut(story, v2, firstBundle) : undefined;
  if (rolledOut === undefined)
    story.printer.note("The gate refused v2: the cameras keep v1, and nothing more is offered.");
  const compared = story.options.compare
    ? await compare(story, { v1: v1.version, answers: answered.used, audited: new Set(answered.auditedTracks) })
    : undefined;
  const results: LoopResults = { cards, first, dusk, noticed, answered, v2, tests, rolledOut, compared };
  const report = reportOf(story, results);
  story.printer.table(closingTable(report));
  await writeReports(story.options, report, results);
  return exitCodeOf(report);
}

async function rollOut(story: Story, v2: Retrained, firstBundle: string): Promise<RolledOut> {
  await compileVersion(story, "Compile v2", v2.version);
  const waves = await rollOutInWaves(story, v2.version);
  const refusals = await refuseBadOnes(story, { version: v2.version, release: waves.release, firstBundle });
  const broken = await offerBroken(story, v2.version);
  const shuffled = await trainOnShuffled(story, v2.version);
  const harmful = await rollOutHarmful(story, shuffled.version);
  return { waves, refusals, broken, harmful };
}

/** Exports the first release as on a stick; later it poses as a replayed older desired state. */
async function keepFirstBundle({ client, places, state }: Story, release: string): Promise<string> {
  const folder = join(places.bundles, "first");
  if (state.result("First bundle") === undefined) {
    await unpackBundle(await client.bundle(release, firstCamera.name), folder);
    await state.keep("First bundle", folder);
  }
  return folder;
}
