import { ActionIcon, Button } from "@mantine/core";
import { IconArrowLeft, IconArrowRight, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { QueryView } from "../../states/query-view.tsx";
import { Digest } from "../../values/digest.tsx";
import { Fact, Facts } from "../../values/facts.tsx";
import { shortNumber } from "../../values/format-amount.ts";
import { Moment } from "../../values/time.tsx";
import { LabelHistory } from "./label-history.tsx";
import { PredictionTable } from "./prediction-table.tsx";
import type { Sample } from "./sample.ts";
import { SampleImage } from "./sample-image.tsx";
import { SampleLineage } from "./sample-lineage.tsx";
import classes from "./sample-panel.module.css";
import { fetchSample } from "./sample-requests.ts";

/** Everything that is known of one sample, beside the gallery; left and right go on to its neighbours. */
export function SamplePanel(props: {
  id: string;
  onClose: () => void;
  onMove: (by: -1 | 1) => void;
  onSimilar: (sample: Sample) => void;
}) {
  const { id, onClose, onMove, onSimilar } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  const query = useQuery({ queryKey: ["labels", "sample", id], queryFn: ({ signal }) => fetchSample(id, signal) });
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
    else if (event.key === "ArrowLeft") onMove(-1);
    else if (event.key === "ArrowRight") onMove(1);
    else return;
    event.preventDefault();
  };
  return (
    <aside className={classes.panel} aria-label="Sample" onKeyDown={onKeyDown}>
      <header className={classes.head}>
        <h2 ref={heading} tabIndex={-1}>
          Sample
        </h2>
        <span className={classes.id}>{id}</span>
        <ActionIcon variant="subtle" color="gray" aria-label="Sample before" onClick={() => onMove(-1)}>
          <IconArrowLeft size={18} aria-hidden />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" aria-label="Sample after" onClick={() => onMove(1)}>
          <IconArrowRight size={18} aria-hidden />
        </ActionIcon>
        <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={onClose}>
          <IconX size={18} aria-hidden />
        </ActionIcon>
      </header>
      <QueryView query={query}>
        {(sample) => (
          <>
            <div className={classes.image}>
              <SampleImage
                key={sample.id}
                id={sample.id}
                width={sample.width}
                height={sample.height}
                alt={`The input, ${sample.width} × ${sample.height} pixels`}
                isEager
              />
            </div>
            <div className={classes.actions}>
              <Button variant="default" onClick={() => onSimilar(sample)}>
                Find similar
              </Button>
              {sample.track !== null && (
                <Link to="/samples" search={{ track: sample.track, device: sample.device ?? undefined }}>
                  Its whole track
                </Link>
              )}
            </div>
            <PredictionTable sample={sample} />
            <Provenance sample={sample} />
            <LabelHistory sample={sample.id} />
            <SampleLineage sample={sample.id} />
          </>
        )}
      </QueryView>
    </aside>
  );
}

function Provenance({ sample }: { sample: Sample }) {
  return (
    <section className={classes.section}>
      <h3>Where it comes from</h3>
      <Facts>
        <Fact name="Captured">
          <Moment at={sample.at} />
        </Fact>
        <Fact name="Received">
          <Moment at={sample.receivedAt} />
        </Fact>
        {sample.device !== null && (
          <Fact name="Device">
            <Link to="/devices/$device" params={{ device: sample.device }}>
              {sample.device}
            </Link>
          </Fact>
        )}
        <Fact name="Release">
          <Digest value={sample.release} />
        </Fact>
        {sample.track !== null && <Fact name="Track">{sample.track}</Fact>}
        {sample.split !== null && <Fact name="Split">{sample.split}</Fact>}
        <Fact name="Image">
          {sample.width} × {sample.height} {sample.encoding}
        </Fact>
        {sample.space != null && (
          <Fact name="Embedding space">
            <Digest value={sample.space} />
          </Fact>
        )}
        <Fact name="Kept because of">{reasonWords(sample)}</Fact>
        <Fact name="Probability of being kept">{keptWords(sample)}</Fact>
        {Object.entries(sample.context).map(([name, value]) => (
          <Fact key={name} name={name}>
            {typeof value === "object" ? JSON.stringify(value) : String(value)}
          </Fact>
        ))}
      </Facts>
    </section>
  );
}

function reasonWords({ reasons, source }: Sample): string {
  if (reasons.length === 0) return source === "import" ? "it was imported" : "no reason was told";
  return reasons
    .map(({ kind, score }) => (score === undefined ? kind : `${kind} (score ${shortNumber(score)})`))
    .join(", ");
}

function keptWords({ inclusionProbability, audit }: Sample): string {
  if (inclusionProbability === null) return "not sampled";
  return `${shortNumber(inclusionProbability * 100)} %${audit ? ", in the audit lane" : ""}`;
}
