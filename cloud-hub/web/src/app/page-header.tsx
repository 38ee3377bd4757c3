import type { ReactNode } from "react";
import { useEffect } from "react";
import classes from "./page-header.module.css";

/** The heading of a page, what stands beside it, and the tab's title. */
export function PageHeader({
  title,
  beside,
  children,
}: {
  title: ReactNode;
  beside?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className={classes.header}>
      <div className={classes.title}>
        <h1>{title}</h1>
        {beside}
      </div>
      {children !== undefined && <div className={classes.actions}>{children}</div>}
    </header>
  );
}

/** Names the browser's tab. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · fieldloop`;
  }, [title]);
}
