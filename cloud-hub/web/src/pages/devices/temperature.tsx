import { IconFlame } from "@tabler/icons-react";
import classes from "./devices.module.css";

/** From here on boards slow themselves down. */
const hotCelsius = 80;

/** A device's temperature; a hot one says so. */
export function Temperature({ celsius }: { celsius: number | null | undefined }) {
  if (celsius == null) return <span className={classes.none}>not reported</span>;
  const text = `${Math.round(celsius)} °C`;
  if (celsius < hotCelsius) return <span>{text}</span>;
  return (
    <span className={classes.hot}>
      <IconFlame size={14} aria-hidden /> {text}, hot
    </span>
  );
}
