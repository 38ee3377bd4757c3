import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconLoader2,
  type IconProps,
} from "@tabler/icons-react";
import type { ComponentType, ReactNode } from "react";
import classes from "./values.module.css";

/** How a state is to be taken. */
export type Tone = "good" | "warn" | "bad" | "idle" | "busy";

const icons: Record<Tone, ComponentType<IconProps>> = {
  good: IconCircleCheck,
  warn: IconAlertTriangle,
  bad: IconCircleX,
  idle: IconCircleDashed,
  busy: IconLoader2,
};

/** A state as icon, word and colour; any two of them are enough to read it. */
export function StateBadge({ tone, children }: { tone: Tone; children: ReactNode }) {
  const Icon = icons[tone];
  return (
    <span className={`${classes.badge} ${classes[tone]}`}>
      <Icon size={14} stroke={2} aria-hidden />
      {children}
    </span>
  );
}
