import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { devicesQuery } from "../../api/device.ts";
import { get } from "../../api/hub.ts";
import { type FitCard, type ListedRelease, releasesQuery } from "../../api/release.ts";
import { Bytes } from "../../values/amounts.tsx";
import { Fact, Facts } from "../../values/facts.tsx";
import { Figure } from "../../values/figure.tsx";
import { countText, durationText, shortNumber } from "../../values/format-amount.ts";
import type { Version } from "./model-requests.ts";
import classes from "./models.module.css";
import { type LatencyPoint, profilesOf, reportedLatency } from "./reported-latency.ts";

/** What was measured of each variant of a version, and what devices of each profile report of it. */
export function FitCards({ version }: { version: Version }) {
  const releases = (useQuery(releasesQuery).data ?? []).filter((release) => release.version === version.id);
  if (version.variants.length === 0) {
    return (
      <p className={classes.soft}>
        Not compiled yet, so there is nothing to measure; "fieldloop compile" makes variants.
      </p>
    );
  }
  return (
    <ul className={classes.cards}>
      {version.variants.map(({ target, fitCard }) => (
        <li key={target} className={classes.card}>
          <h3>{target}</h3>
          <Card card={fitCard} />
          <Profiles target={target} releases={releases} />
        </li>
      ))}
    </ul>
  );
}

function Card({ card }: { card: FitCard }) {
  const { accuracy, agreement, difference, latency, sizeBytes, sizeRatio, peakMemoryBytes } = card;
  return (
    <Facts>
      <Fact name="Right">
        {accuracy === null ? notMeasured : <Figure figure={accuracy} unit="share" of="tracks" />}
      </Fact>
      <Fact name="Against fp32">
        {difference === null ? notMeasured : <Figure figure={difference} unit="points" of="tracks" />}
      </Fact>
      <Fact name="Agrees with fp32">
        {agreement === null ? notMeasured : <Figure figure={agreement} unit="share" />}
      </Fact>
      <Fact name="Latency">
        {latency === null ? (
          notMeasured
        ) : (
          <>
            {durationText(latency.p50Us / 1000)}, 95 % within {durationText(latency.p95Us / 1000)}
            <span className={classes.soft}>
              {" "}
              n = {countText(latency.n)} on {latency.machine.name}, {latency.machine.threads} of {latency.machine.cores}{" "}
              cores, {latency.machine.engine}
            </span>
          </>
        )}
      </Fact>
      <Fact name="Size">
        <Bytes bytes={sizeBytes} /> <span className={classes.soft}>{shortNumber(sizeRatio * 100)} % of fp32</span>
      </Fact>
      <Fact name="Memory">{peakMemoryBytes === null ? notMeasured : <Bytes bytes={peakMemoryBytes} />}</Fact>
    </Facts>
  );
}

const notMeasured = <span className={classes.soft}>not measured</span>;
const lookBackMs = 24 * 60 * 60 * 1000;
/** Devices asked for each profile; a fleet's hundreds would say the same. */
const devicesAsked = 3;

/** The profiles that get this variant: latency is not measured there until a device of the profile reports its own. */
function Profiles({ target, releases }: { target: string; releases: readonly ListedRelease[] }) {
  const devices = useQuery(devicesQuery).data ?? [];
  const profiles = profilesOf(target, releases);
  const asked = profiles.flatMap((profile) =>
    devices
      .filter((device) => device.profile === profile && releases.some(({ digest }) => digest === device.release))
      .slice(0, devicesAsked)
      .map(({ device, simulated, release }) => ({ profile, device, simulated, release })),
  );
  const curves = useQueries({
    queries: asked.map(({ device, release }) => ({
      queryKey: ["drift", "latency", device, release],
      queryFn: ({ signal }: { signal: AbortSignal }) => {
        const to = Date.now();
        const query = { device, release, from: to - lookBackMs, to };
        return get<{ points: LatencyPoint[] }>("/v1/curves", query, signal);
      },
    })),
  });
  if (profiles.length === 0) return <p className={classes.soft}>No release gives it to a profile yet.</p>;
  return (
    <Facts>
      {profiles.map((profile) => {
        const reports = asked.flatMap((each, index) => {
          const reported = each.profile === profile ? reportedLatency(curves[index]?.data?.points ?? []) : undefined;
          return reported === undefined ? [] : [{ ...each, ...reported }];
        });
        return (
          <Fact key={profile} name={`On ${profile}`}>
            {reports.length === 0 && notMeasured}
            {reports.map(({ device, simulated, p50Us, p95Us, frames }) => (
              <span key={device} className={classes.report}>
                {durationText(p50Us / 1000)}, 95 % within {durationText(p95Us / 1000)}
                <span className={classes.soft}>
                  {" "}
                  n = {countText(frames)}, reported by{" "}
                  <Link to="/devices/$device" params={{ device }}>
                    {device}
                  </Link>
                  {simulated && " (simulated)"}
                </span>
              </span>
            ))}
          </Fact>
        );
      })}
    </Facts>
  );
}
