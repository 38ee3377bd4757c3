import { openRoadSigns } from "./dataset/open-road-signs.ts";
import { ExampleError } from "./errors.ts";
import { type Fleet, startFleet } from "./story/fleet.ts";
import { startHubProcess } from "./story/hub-process.ts";
import { type DemoOptions, parseOptions, usage } from "./story/options.ts";
import { clearPlaces, type Places, preparePlaces } from "./story/places.ts";
import { recipesFor } from "./story/recipes.ts";
import { openState } from "./story/state.ts";
import type { Story } from "./story/story.ts";
import { tellLoop } from "./story/tell.ts";
import { openTerminal } from "./terminal/progress.ts";
import { tellStory } from "./terminal/story-printer.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === "help") {
      process.stdout.write(usage);
      return 0;
    }
    return await runDemo(options);
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    if (!(error instanceof ExampleError) && process.env.FIELDLOOP_DEBUG !== undefined) console.error(error);
    return error instanceof ExampleError && error.code === "bad-option" ? 2 : 1;
  }
}

async function runDemo(options: DemoOptions): Promise<number> {
  const data = await openRoadSigns(options);
  const places = await preparePlaces(options);
  const printer = tellStory(openTerminal(process.stdout));
  printer.heading("fieldloop", introduction(options, places));
  const state = await openState(places.state, { source: options.field ?? "rendered world", seed: options.seed });
  const hub = await startHubProcess(places.hub, options.once ? "free" : "default");
  if (!options.once) printer.note(`Watch it in a browser: ${hub.url}`);
  let fleet: Promise<Fleet> | undefined;
  const story: Story = {
    options,
    places,
    data,
    client: hub.client,
    printer,
    state,
    recipes: recipesFor(data, options),
    fleet: () => {
      fleet ??= startFleet(hub.client, { data: places.devices, field: options.field, seed: options.seed });
      return fleet;
    },
  };
  const interrupted = untilInterrupted();
  try {
    const told = tellLoop(story);
    const outcome = await Promise.race([told, interrupted]);
    if (outcome === "interrupted") {
      told.catch(() => undefined);
      printer.note("Stopped. npm run demo goes on from here.");
      return 130;
    }
    if (!options.once) await keepRunning(story, hub.url, interrupted);
    return options.once ? outcome : 0;
  } finally {
    await (await fleet?.catch(() => undefined))?.close();
    await hub.close();
    await clearPlaces(places, options);
  }
}

function introduction({ field }: DemoOptions, { continues, root }: Places): string {
  const world = field === undefined ? "a rendered world of road signs" : `the road signs of ${field}`;
  return continues ? `${world}; going on from what ${root} holds` : world;
}

async function keepRunning(story: Story, url: string, interrupted: Promise<unknown>): Promise<void> {
  const fleet = await story.fleet();
  fleet.play("field", "until-stopped", story.options.framesPerSecond).catch(() => undefined);
  story.printer.note(
    `The hub stays up at ${url} and the cameras keep answering; Ctrl-C ends both, and the next run goes on from here.`,
  );
  await interrupted;
}

function untilInterrupted(): Promise<"interrupted"> {
  return new Promise((resolve) => {
    // `on`, not `once`: a second Ctrl-C must not cut the orderly end short.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve("interrupted"));
  });
}
