import { Plot, type PlotLine } from "../../charts/plot.tsx";
import { countText, shortNumber } from "../../values/format-amount.ts";
import { joinCurves } from "./curve.ts";
import type { Series } from "./run-requests.ts";

const colors: readonly PlotLine["color"][] = ["--series-1", "--series-2", "--series-3", "--series-4"];

/** Losses over steps: the whole one, then each head's. */
export function LossChart({ series }: { series: readonly Series[] }) {
  const { steps, columns } = joinCurves(series);
  const lines = series.slice(0, colors.length).map(({ name }, index) => ({
    title: name,
    values: columns[index] ?? [],
    color: colors[index] ?? "--series-1",
    isDashed: index > 0,
  }));
  return (
    <Plot
      label={sentenceOf(series)}
      at={steps}
      lines={lines}
      format={shortNumber}
      isTime={false}
      height={320}
      min={0}
    />
  );
}

function sentenceOf(series: readonly Series[]): string {
  const words = series.map(({ name, values }) => `${name} from ${text(values[0])} to ${text(values.at(-1))}`);
  return `Losses up to step ${countText(series[0]?.steps.at(-1) ?? 0)}: ${words.join(", ")}.`;
}

const text = (value: number | undefined): string => shortNumber(value ?? Number.NaN);
