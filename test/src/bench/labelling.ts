import { withoutBrowser } from "../page/browser.ts";
import { runLabelling } from "../page/labelling-run.ts";
import { type Bench, type BenchOutcome, quantile } from "./bench.ts";

const labels = 300;
/** One in twenty-five or forty of them is an open question of the audit queue. */
const samples = 16_000;
const goalMs = 100;

/** `npm run bench -- labelling`: 300 samples labelled by keyboard through the page, the hub killed half way. */
export const labellingBench: Bench = {
  name: "labelling",
  about: "300 samples labelled by keyboard through the page; the hub is killed half way",
  async run({ log }): Promise<BenchOutcome> {
    if (withoutBrowser !== false) return { results: [], skipped: [{ id: "labelling", why: withoutBrowser }] };
    const { pressed, lost, twice } = await runLabelling({ labels, samples, interruption: "kill", log });
    const times = pressed.map(({ keyToImageMs }) => keyToImageMs);
    const p95 = quantile(times, 0.95);
    const middle = `p50 ${quantile(times, 0.5).toFixed(0)} ms, longest ${Math.max(...times).toFixed(0)} ms`;
    return {
      skipped: [],
      results: [
        {
          id: "labelling.key-to-image",
          what: "from a key to the next image on the screen",
          value: p95,
          unit: "ms (p95)",
          goal: `≤ ${goalMs} ms`,
          met: p95 <= goalMs,
          n: times.length,
          note: middle,
        },
        {
          id: "labelling.lost",
          what: "answers that the hub does not hold",
          value: lost.length,
          unit: "answers",
          goal: `0 of ${labels}`,
          met: lost.length === 0 && pressed.length === labels,
          n: pressed.length,
          note: lost.slice(0, 3).join("; "),
        },
        {
          id: "labelling.twice",
          what: "samples that were asked or recorded twice",
          value: twice.length,
          unit: "samples",
          goal: "0",
          met: twice.length === 0,
          n: pressed.length,
          note: "",
        },
      ],
    };
  },
};
