import classes from "./agreement-mark.module.css";
import type { Agreement } from "./sample.ts";

const marks: Readonly<Record<Agreement, { readonly sign: string; readonly title: string }>> = {
  agrees: { sign: "✓", title: "agrees with the prediction" },
  differs: { sign: "✕", title: "differs from the prediction" },
  unsure: { sign: "?", title: "somebody could not say" },
  "no-label": { sign: "○", title: "nobody has said" },
  "no-prediction": { sign: "○", title: "no prediction" },
};

/** Whether label and prediction agree, as a sign of its own shape; hundreds are drawn while a gallery is scrolled. */
export function AgreementMark({ agreement }: { agreement: Agreement }) {
  const { sign, title } = marks[agreement];
  return (
    <span className={`${classes.mark} ${classes[agreement]}`} title={title}>
      <span aria-hidden>{sign}</span>
      <span className="visually-hidden">{title}</span>
    </span>
  );
}
