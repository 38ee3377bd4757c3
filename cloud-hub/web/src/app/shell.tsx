import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { HelpDialog } from "../keyboard/help-dialog.tsx";
import { useKeyboard, useShortcuts } from "../keyboard/use-shortcuts.ts";
import { useLive } from "../live/use-live.ts";
import { PersonMenu } from "../session/person-menu.tsx";
import { useSession } from "../session/session.ts";
import { SignInPage } from "../session/sign-in-page.tsx";
import { StaleBanner } from "../states/stale-banner.tsx";
import { Mark } from "./mark.tsx";
import { type Section, sections } from "./sections.ts";
import classes from "./shell.module.css";

/** The frame of every page: navigation, the banner of a silent hub, and the page itself. */
export function Shell() {
  useLive();
  useKeyboard();
  const session = useSession();
  const navigate = useNavigate();
  useShortcuts(
    sections.map(({ keys, title, to }) => ({
      keys,
      title: `Go to ${title}`,
      group: "Anywhere",
      run: () => void navigate({ to }),
    })),
  );
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        Skip to the page
      </a>
      <nav className={classes.rail} aria-label="Sections">
        <Link to="/" className={classes.brand} aria-label="fieldloop, to the loop">
          <Mark />
          <span>fieldloop</span>
        </Link>
        <ul className={classes.sections}>
          {sections.map((section) => (
            <li key={section.to}>
              <SectionLink {...section} />
            </li>
          ))}
        </ul>
        {session !== undefined && (
          <p className={classes.fleet}>
            fleet <strong>{session.fleet}</strong>
          </p>
        )}
        <div className={classes.person}>
          <PersonMenu />
        </div>
        <div className={classes.personShort}>
          <PersonMenu isShort />
        </div>
      </nav>
      <div className={classes.content}>
        <StaleBanner />
        <main id="main" tabIndex={-1} className={classes.main}>
          {session !== undefined && session.role === null ? <SignInPage /> : <Outlet />}
        </main>
      </div>
      <HelpDialog />
    </div>
  );
}

function SectionLink({ to, title, keys, icon: Icon }: Section) {
  return (
    <Link
      to={to}
      className={classes.link}
      activeOptions={{ exact: to === "/", includeSearch: false }}
      activeProps={{ "data-active": "" }}
      title={`${title} (${keys})`}
    >
      <Icon size={20} stroke={1.7} aria-hidden />
      <span>{title}</span>
    </Link>
  );
}
