import type { Evaluation } from "@fieldloop/cloud-hub";
import type { Figure } from "@fieldloop/devices";
import { figureText, pointsText } from "../../report/figure-text.ts";
import { itemsOfTest, type TestSet } from "../import-images.ts";
import { runStep, type Story } from "../story.ts";

/** How v1 and v2 do on one test set, and v2 minus v1 on the same images; outcomes are per image, for pooling over seeds. */
export type TestResult = {
  readonly before: Figure;
  readonly after: Figure;
  readonly gain: Figure;
  readonly outcomes: { readonly before: readonly boolean[]; readonly after: readonly boolean[] };
};
/** Both test sets, read once, after the gate. */
export type TestResults = { readonly field: TestResult; readonly old: TestResult };

/** Reads the test sets: nothing before this line has touched them. */
export function readTests(story: Story, v1: string, v2: string): Promise<TestResults> {
  const { client, data } = story;
  return runStep(story, "Tests", async (progress) => {
    const items = [
      ...(await itemsOfTest(data, data.tests.field, "field-test")),
      ...(await itemsOfTest(data, data.tests.old, "old-test")),
    ];
    await client.importSamples(items, (sent) => progress.show(sent, items.length, "test images"));
    const field = await judge(story, [v1, v2], "field-test");
    const old = await judge(story, [v1, v2], "old-test");
    return {
      result: { field, old },
      figures: [`field ${figureText(field.before)} → ${figureText(field.after)}`, `old ${pointsText(old.gain)}`],
    };
  });
}

async function judge({ client }: Story, versions: readonly [string, string], set: TestSet): Promise<TestResult> {
  const evaluation = await client.evaluate({
    versions: [...versions],
    query: { source: "import", split: "test", set },
    outcomes: true,
  });
  const [before, after] = versions.map((version) => headOf(evaluation, version));
  const gain = evaluation.difference?.sign;
  if (before === undefined || after === undefined || gain === undefined)
    throw new TypeError("evaluation lacks the sign head");
  const order = await orderOf(client, set);
  const inOrder = (outcomes: Readonly<Record<string, boolean>> = {}) =>
    order.map((sample) => outcomes[sample] ?? false);
  return {
    before: before.accuracy,
    after: after.accuracy,
    gain,
    outcomes: { before: inOrder(before.outcomes), after: inOrder(after.outcomes) },
  };
}

/** The test set's samples in the order of the data set, in which the comparison judges it too. */
async function orderOf(client: Story["client"], set: TestSet): Promise<readonly string[]> {
  const found: { readonly id: string; readonly index: number }[] = [];
  for await (const { id, context } of client.allSamples({ source: "import", set }))
    found.push({ id, index: Number(context.index) });
  return found.toSorted((a, b) => a.index - b.index).map(({ id }) => id);
}

const headOf = ({ versions }: Evaluation, wanted: string) =>
  versions.find(({ version }) => version === wanted)?.heads.sign;
