import { useQuery } from "@tanstack/react-query";
import { type CurvePoint, curvesQuery, type Device } from "../../api/device.ts";
import { type FitCard, type Release, releaseQuery } from "../../api/release.ts";
import { QueryView } from "../../states/query-view.tsx";
import { Bytes } from "../../values/amounts.tsx";
import { Digest } from "../../values/digest.tsx";
import { Figure } from "../../values/figure.tsx";
import { countText, durationText } from "../../values/format-amount.ts";
import classes from "./device-page.module.css";
import { ownLatency } from "./own-latency.ts";

const dayMs = 86_400_000;

/** The variant that a device runs, and what was measured of it, here and where it was compiled. */
export function VariantCard({ device }: { device: Device }) {
  const points = useQuery(curvesQuery(device.device, dayMs)).data?.points ?? [];
  return (
    <section className={classes.card} aria-labelledby="variant">
      <h2 id="variant">What it runs</h2>
      {device.release === null ? (
        <p className={classes.soft}>No release yet.</p>
      ) : (
        <RunningRelease digest={device.release} device={device} points={points} />
      )}
    </section>
  );
}

function RunningRelease(props: { digest: string; device: Device; points: readonly CurvePoint[] }) {
  const { digest, device, points } = props;
  return (
    <QueryView query={useQuery(releaseQuery(digest))}>
      {(release) => <Variant release={release} device={device} points={points} />}
    </QueryView>
  );
}

function Variant({ release, device, points }: { release: Release; device: Device; points: readonly CurvePoint[] }) {
  const choice = release.profiles[device.profile];
  const card = release.manifest.fitCards.find(({ target }) => target === choice?.target);
  const own = ownLatency(points, release.digest);
  return (
    <dl className={classes.measured}>
      <dt>Model, release</dt>
      <dd>
        {release.manifest.model}, <Digest value={release.digest} />
      </dd>
      <dt>Variant for {device.profile}</dt>
      <dd>
        {choice === undefined ? "none in this release" : <strong>{choice.target}</strong>}
        {choice !== undefined && <span className={classes.soft}> {choice.why}</span>}
      </dd>
      <dt>Latency on this device</dt>
      <dd>
        {own === undefined ? (
          "not measured, n = 0 frames"
        ) : (
          <>
            median {durationText(own.p50Us / 1000)}, 95 % {durationText(own.p95Us / 1000)}
            <span className={classes.soft}> to a factor of two, n = {countText(own.frames)} frames</span>
          </>
        )}
      </dd>
      {card !== undefined && <Card card={card} />}
      {release.manifest.accepted !== undefined && (
        <>
          <dt>Accepted outside its budget</dt>
          <dd>
            by {release.manifest.accepted.by}: {release.manifest.accepted.reason}
          </dd>
        </>
      )}
    </dl>
  );
}

function Card({ card }: { card: FitCard }) {
  const { latency, accuracy, agreement, difference, sizeBytes, peakMemoryBytes } = card;
  return (
    <>
      <dt>Latency where it was compiled</dt>
      <dd>
        {latency === null ? (
          "not measured"
        ) : (
          <>
            median {durationText(latency.p50Us / 1000)}, 95 % {durationText(latency.p95Us / 1000)}
            <span className={classes.soft}>
              {" "}
              n = {countText(latency.n)}, on {latency.machine.name}, {latency.machine.threads} of{" "}
              {latency.machine.cores} cores
            </span>
          </>
        )}
      </dd>
      <dt>Accuracy</dt>
      <dd>{accuracy === null ? "not measured" : <Figure figure={accuracy} unit="share" />}</dd>
      <dt>Agreement with fp32</dt>
      <dd>{agreement === null ? "not measured" : <Figure figure={agreement} unit="share" />}</dd>
      <dt>Difference to fp32</dt>
      <dd>{difference === null ? "not measured" : <Figure figure={difference} unit="points" />}</dd>
      <dt>Size, peak memory</dt>
      <dd>
        <Bytes bytes={sizeBytes} />,{" "}
        {peakMemoryBytes === null ? "memory not measured" : <Bytes bytes={peakMemoryBytes} />}
      </dd>
    </>
  );
}
