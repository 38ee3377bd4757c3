import { IconInbox, type IconProps } from "@tabler/icons-react";
import type { ComponentType, ReactNode } from "react";
import classes from "./states.module.css";

/** Nothing is here yet: what would be here, and how it comes. command: one that brings it about */
export function Empty(props: {
  title: string;
  children?: ReactNode;
  command?: string;
  icon?: ComponentType<IconProps>;
}) {
  const { title, children, command, icon: Icon = IconInbox } = props;
  return (
    <div className={classes.panel}>
      <span className={classes.mark}>
        <Icon size={24} stroke={1.6} aria-hidden />
      </span>
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {command !== undefined && <code className={classes.command}>{command}</code>}
    </div>
  );
}
