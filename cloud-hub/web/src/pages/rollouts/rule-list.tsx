import type { RuleVerdict, Wave } from "../../api/rollout.ts";
import { Empty } from "../../states/empty.tsx";
import { countText, shortNumber } from "../../values/format-amount.ts";
import { StateBadge } from "../../values/state-badge.tsx";
import { Time } from "../../values/time.tsx";
import { IntervalTrack } from "./interval-track.tsx";
import { shownVerdict } from "./rollout-state.ts";
import classes from "./rollouts.module.css";

/** What each gate rule found in a wave: figure, interval against its thresholds, n, and its sentence. */
export function RuleList({ wave }: { wave: Wave }) {
  const { verdict, number } = wave;
  return (
    <section className={classes.rules} aria-labelledby="rules">
      <header className={classes.rulesHead}>
        <h2 id="rules">Health of wave {number}</h2>
        {verdict !== null && (
          <span className={classes.soft}>
            judged <Time at={verdict.at} />
          </span>
        )}
      </header>
      {verdict === null || verdict.rules.length === 0 ? (
        <Empty title="Not judged yet">
          {verdict?.sentence ?? "The rules look at a wave once its first device answers by the new release."}
        </Empty>
      ) : (
        <>
          {verdict.decision !== "harm" && <p className={classes.verdict}>{verdict.sentence}</p>}
          <Legend />
          <ul>
            {verdict.rules.map((rule) => (
              <Rule key={rule.rule} rule={rule} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Rule({ rule }: { rule: RuleVerdict }) {
  const { tone, word } = shownVerdict(rule);
  const { title, value, low, high, unit, n, devices, sentence } = rule;
  return (
    <li className={classes.rule}>
      <div className={classes.ruleName}>
        <h3>{title}</h3>
        <StateBadge tone={tone}>{word}</StateBadge>
      </div>
      <IntervalTrack rule={rule} />
      <div className={classes.ruleFigure}>
        {value === null ? (
          <span className={classes.soft}>no figure yet</span>
        ) : (
          <>
            <strong>
              {shortNumber(value)}
              {low !== null && high !== null && (
                <span className={classes.soft}>
                  {" "}
                  [{shortNumber(low)}, {shortNumber(high)}]
                </span>
              )}
            </strong>
            <span className={classes.soft}>{unit}</span>
          </>
        )}
        <span className={classes.soft}>
          n = {countText(n)} · {countText(devices.treated)} new, {countText(devices.control)} old
        </span>
      </div>
      <p className={classes.ruleSentence}>{sentence}</p>
    </li>
  );
}

function Legend() {
  return (
    <p className={classes.legend}>
      <span>
        <i className={classes.legendHarm} aria-hidden /> harm, once the whole interval lies in here
      </span>
      <span>
        <i className={classes.legendHealthy} aria-hidden /> healthy, once the whole interval ends before this line
      </span>
    </p>
  );
}
