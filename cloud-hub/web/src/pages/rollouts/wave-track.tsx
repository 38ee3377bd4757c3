import { Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Wave, WaveDevice } from "../../api/rollout.ts";
import { countText } from "../../values/format-amount.ts";
import { StateBadge } from "../../values/state-badge.tsx";
import { Time } from "../../values/time.tsx";
import { shownDevice, shownWave } from "./rollout-state.ts";
import classes from "./rollouts.module.css";

/** From here on devices are cells without their names, so that a thousand of them still fit. */
const namedAtMost = 12;
const shownAtMost = 204;

/** Waves from left to right as they open; each holds its devices as cells. Choosing one shows its rules below. */
export function WaveTrack(props: {
  waves: readonly Wave[];
  chosen: number | undefined;
  onChoose: (number: number) => void;
}) {
  const { waves, chosen, onChoose } = props;
  return (
    <ol className={classes.track} aria-label="Waves">
      {waves.map((wave) => (
        <li
          key={wave.number}
          className={classes.wave}
          data-state={wave.state}
          data-chosen={wave.number === chosen || undefined}
        >
          <button
            type="button"
            className={classes.waveHead}
            aria-pressed={wave.number === chosen}
            onClick={() => onChoose(wave.number)}
          >
            <span className={classes.waveName}>Wave {wave.number}</span>
            <StateBadge tone={shownWave(wave).tone}>{shownWave(wave).word}</StateBadge>
          </button>
          <p className={classes.waveFacts}>
            {shareText(wave)}
            {wave.openedAt !== null && (
              <>
                {" · opened "}
                <Time at={wave.openedAt} />
              </>
            )}
          </p>
          <Cells devices={wave.devices} />
          <Counts devices={wave.devices} />
        </li>
      ))}
    </ol>
  );
}

function Cells({ devices }: { devices: readonly WaveDevice[] }) {
  const isNamed = devices.length <= namedAtMost;
  return (
    <ul className={isNamed ? classes.named : classes.cells}>
      {devices.slice(0, shownAtMost).map((device) => (
        <li key={device.device}>
          <Cell device={device} isNamed={isNamed} />
        </li>
      ))}
    </ul>
  );
}

function Cell({ device, isNamed }: { device: WaveDevice; isNamed: boolean }) {
  const { word, mark, tone } = shownDevice(device);
  const words = `${device.device} (${device.profile}) ${word}${device.reason === null ? "" : `: ${device.reason}`}`;
  return (
    <Tooltip label={words} events={{ hover: true, focus: true, touch: true }}>
      <Link
        to="/devices/$device"
        params={{ device: device.device }}
        className={classes.cell}
        data-tone={tone}
        aria-label={isNamed ? undefined : words}
      >
        <span aria-hidden>{mark}</span>
        {isNamed && <span className={classes.cellName}>{device.device}</span>}
        {isNamed && <span className={classes.cellWord}>{word}</span>}
      </Link>
    </Tooltip>
  );
}

function Counts({ devices }: { devices: readonly WaveDevice[] }) {
  const counts = [...Map.groupBy(devices, (device) => shownDevice(device).word)];
  return (
    <p className={classes.waveFacts}>
      {counts
        .map(([word, members]) => `${countText(members.length)} ${members.length === 1 ? word : pluralOf(word)}`)
        .join(", ")}
      {devices.length > shownAtMost && `; the first ${countText(shownAtMost)} are shown`}
    </p>
  );
}

const pluralOf = (word: string): string => (word === "runs it" ? "run it" : word);

function shareText({ share, devices }: Wave): string {
  const count = `${countText(devices.length)} ${devices.length === 1 ? "device" : "devices"}`;
  return share.endsWith("%") ? `up to ${share}, ${count}` : count;
}
