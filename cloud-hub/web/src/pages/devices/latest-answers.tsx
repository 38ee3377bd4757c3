import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type LatestSample, latestQuery, type Prediction } from "../../api/device.ts";
import { QueryView } from "../../states/query-view.tsx";
import { durationText } from "../../values/format-amount.ts";
import { Time } from "../../values/time.tsx";
import classes from "./device-page.module.css";

/** What a device answered and kept last. */
export function LatestAnswers({ device }: { device: string }) {
  return (
    <section aria-labelledby="latest">
      <QueryView query={useQuery(latestQuery(device))}>
        {({ predictions, samples }) => (
          <>
            <header className={classes.historyHead}>
              <h2 id="latest">Samples it kept last</h2>
              <Link to="/samples" search={{ device }}>
                All of them
              </Link>
            </header>
            <Samples samples={samples} device={device} />
            <h2 className={classes.second}>What it answered last</h2>
            <Predictions predictions={predictions} />
          </>
        )}
      </QueryView>
    </section>
  );
}

function Samples({ samples, device }: { samples: readonly LatestSample[]; device: string }) {
  if (samples.length === 0) return <p className={classes.soft}>It has kept nothing yet.</p>;
  return (
    <ul className={classes.samples}>
      {samples.map((sample) => (
        <li key={sample.id}>
          <SampleTile sample={sample} device={device} />
        </li>
      ))}
    </ul>
  );
}

function SampleTile({ sample, device }: { sample: LatestSample; device: string }) {
  const { id, class: name, confidence, labels } = sample;
  const label = Object.values(labels)[0]?.class;
  const said = `${name ?? "no answer"}${confidence === null ? "" : `, ${Math.round(confidence * 100)} %`}`;
  return (
    <Link to="/samples" search={{ open: id, device }} className={classes.sample}>
      <img src={`/v1/samples/${id}/image`} alt={`Sample answered ${said}`} loading="lazy" />
      <span>{said}</span>
      <span className={classes.soft}>
        {label === undefined ? (sample.audit ? "audit, no label" : "no label") : `label ${label}`}
      </span>
    </Link>
  );
}

function Predictions({ predictions }: { predictions: readonly Prediction[] }) {
  if (predictions.length === 0) {
    return (
      <p className={classes.soft}>No single answers; its release reports sketches only, or it has not answered yet.</p>
    );
  }
  return (
    <table className={classes.predictions}>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Class</th>
          <th scope="col">Confidence</th>
          <th scope="col">Took</th>
        </tr>
      </thead>
      <tbody>
        {predictions.slice(0, 10).map(({ id, at, class: name, confidence, latencyUs }) => (
          <tr key={id}>
            <td>
              <Time at={at} />
            </td>
            <td>{name ?? "–"}</td>
            <td>{confidence === null ? "–" : `${Math.round(confidence * 100)} %`}</td>
            <td>{durationText(latencyUs / 1000)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
