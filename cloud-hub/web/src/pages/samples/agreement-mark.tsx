import { IconCheck, IconCircleDashed, type IconProps, IconQuestionMark, IconX } from "@tabler/icons-react";
import type { ComponentType } from "react";
import classes from "./agreement-mark.module.css";
import type { Agreement } from "./sample.ts";

const marks: Readonly<Record<Agreement, { readonly icon: ComponentType<IconProps>; readonly title: string }>> = {
  agrees: { icon: IconCheck, title: "agrees with the prediction" },
  differs: { icon: IconX, title: "differs from the prediction" },
  unsure: { icon: IconQuestionMark, title: "somebody could not say" },
  "no-label": { icon: IconCircleDashed, title: "nobody has said" },
  "no-prediction": { icon: IconCircleDashed, title: "no prediction" },
};

/** Whether label and prediction agree, as a mark with its own shape. */
export function AgreementMark({ agreement }: { agreement: Agreement }) {
  const { icon: Icon, title } = marks[agreement];
  return (
    <span className={`${classes.mark} ${classes[agreement]}`} title={title}>
      <Icon size={12} stroke={2.6} aria-hidden />
      <span className="visually-hidden">{title}</span>
    </span>
  );
}
