import { figureText } from "../../report/figure-text.ts";
import { itemsOfTracks, oldSet } from "../import-images.ts";
import { runStep, type Story } from "../story.ts";
import { trainInHub } from "../train-in-hub.ts";

/** What the first step leaves: the version trained on bright images and the snapshot it was trained on. */
export type Bootstrapped = { readonly version: string; readonly snapshot: string };

/** Step 1: import the bright tracks, freeze them, train v1. */
export function bootstrap(story: Story): Promise<Bootstrapped> {
  const { client, data, recipes, options } = story;
  return runStep(story, "Bootstrap", async (progress) => {
    const items = [
      ...(await itemsOfTracks(data, data.old.train, "train")),
      ...(await itemsOfTracks(data, data.old.validation, "val")),
    ];
    await client.importSamples(items, (sent) => progress.show(sent, items.length, "images imported"));
    const parts = (["train", "val"] as const).map((split) => ({
      role: "old" as const,
      query: oldSet(split),
    }));
    const snapshot = await client.createSnapshot({ name: "bright tracks", parts });
    const run = { snapshot: snapshot.id, recipe: recipes.first, seed: options.seed };
    const { version, loss } = await trainInHub(client, run, progress);
    const judged = await client.evaluate({ versions: [version], query: oldSet("val") });
    const accuracy = judged.versions[0]?.heads.sign?.accuracy ?? null;
    return {
      result: { version, snapshot: snapshot.id },
      figures: [
        `v1 learnt ${data.old.train.length} bright tracks`,
        `loss ${loss.toFixed(3)}`,
        `validation ${figureText(accuracy)}`,
      ],
    };
  });
}
