import { useQuery } from "@tanstack/react-query";
import { AgreementMark } from "./agreement-mark.tsx";
import { headsOfRelease } from "./release-heads.ts";
import { agreementAt, labelWord, primaryHead, type Sample } from "./sample.ts";
import classes from "./sample-panel.module.css";

/** What each head answered on the device, beside the label that holds. */
export function PredictionTable({ sample }: { sample: Sample }) {
  const release = useQuery(headsOfRelease(sample.release));
  const primary = primaryHead(sample);
  const heads = [...new Set([sample.predictions ?? {}, sample.labels, sample.unsure].flatMap(Object.keys))];
  if (heads.length === 0) return <p className={classes.soft}>Neither a prediction nor a label yet.</p>;
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Head</th>
          <th scope="col">Predicted</th>
          <th scope="col">Confidence, lead</th>
          <th scope="col">Label</th>
        </tr>
      </thead>
      <tbody>
        {heads.map((head) => {
          const answer = sample.predictions?.[head];
          const name =
            answer === undefined
              ? undefined
              : nameOf(answer.index, head === primary ? sample.class : null, release.data?.[head]);
          return (
            <tr key={head}>
              <td>{head}</td>
              <td>{name ?? "–"}</td>
              <td>{answer === undefined ? "–" : `${percent(answer.confidence)}, ${percent(answer.margin)}`}</td>
              <td>
                <span className={classes.row}>
                  <AgreementMark agreement={agreementAt(sample, head, name ?? null)} />
                  {labelWord(sample, head)}
                </span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function nameOf(index: number, known: string | null, names: readonly string[] | undefined): string {
  return known ?? names?.[index] ?? `class ${index}`;
}
